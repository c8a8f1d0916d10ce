/* Blocks and their life words (host/memory/block.h, arena.h). A worker that creates frames has blocks of its own: who
 * owns which span is not in the model. */

/* A descriptor: block and generation in a byte; 0: none, as the first generation is 1. */
#define DESCRIPTOR(block, generation) ((generation) * BLOCKS + (block))
#define BLOCK_OF(d) ((d) % BLOCKS)
#define GENERATION_OF(d) ((d) / BLOCKS)

/* Holder bits: of a stage, BIT(stage); of the slot that allocated the block and has not published it: */
#define PENDING BIT(SOURCE)

/* The life word is one word in the code: no step writes half of it. */
typedef Block { byte generation; byte holders; byte frame };
Block block[BLOCKS];

#define SET_LIFE(b, g, h) block[b].generation = g; block[b].holders = h

/* arena_block() */
#define IS_HELD(d, bit) (block[BLOCK_OF(d)].generation == GENERATION_OF(d) && (block[BLOCK_OF(d)].holders & (bit)))

/* block_drop(), block_add_holders(): they touch the generation that they were given, and no other. */
#define IS_GENERATION(d) (bug == GENERATION_NOT_CHECKED || block[BLOCK_OF(d)].generation == GENERATION_OF(d))

#define FIRST_BLOCK (me * BLOCKS_EACH)
#define END_BLOCK ((me + 1) * BLOCKS_EACH)

/* The first free block of ours, PENDING under a new generation, in `d`; 0: there is none. Nobody but us touches a free
 * block. */
inline take_block()
{
    atomic {
        at = FIRST_BLOCK;
        do
        :: at < END_BLOCK && block[at].holders -> at++
        :: else -> break
        od;
        d = 0;
        if
        :: at < END_BLOCK ->
            d = DESCRIPTOR(at, block[at].generation + 1);
            assert(GENERATION_OF(d) == block[at].generation + 1); /* it fits a byte */
            STEP(take_block, SET_LIFE(at, GENERATION_OF(d), PENDING))
        :: else
        fi;
        at = 0
    }
}

/* block_drop(): of `d`, a stage's bit. The last holder's store is a plain one. */
inline drop(hold)
{
    atomic {
        if
        :: IS_GENERATION(d) && block[BLOCK_OF(d)].holders == (hold) -> alone = 1
        :: IS_GENERATION(d) && block[BLOCK_OF(d)].holders != (hold) && (block[BLOCK_OF(d)].holders & (hold)) ->
            STEP(drop_bit, block[BLOCK_OF(d)].holders = block[BLOCK_OF(d)].holders & ~(hold))
        :: else
        fi
    }
    if
    :: alone ->
        atomic {
            alone = 0;
            freed = 1;
            STEP(drop_last_bit, SET_LIFE(BLOCK_OF(d), GENERATION_OF(d), 0))
        }
    :: else
    fi
}

/* allocator_recover(): what a predecessor had allocated and not published. */
inline free_pending()
{
    atomic {
        at = FIRST_BLOCK;
        do
        :: at < END_BLOCK && (block[at].holders & PENDING) && bug != PENDING_NOT_FREED ->
            STEP(free_pending, block[at].holders = 0);
            at++
        :: at < END_BLOCK && !(block[at].holders & PENDING) -> at++
        :: else -> at = 0; break
        od
    }
}
