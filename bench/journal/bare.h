/* Takes the journal and the checks out of what is included after it: the ring as it would be if nobody ever died and
 * nobody ever erred. For bench_journal alone; the product is not compiled with it and has no switch for it.
 *
 * Out are all stores that only a successor or the host would read: the decisions, what is claimed and from where, the
 * frame in hand, how far a publish is, the figures that commit; the barriers that order them; the checks of a
 * descriptor from shared memory against the arena and the block's life word; and the assertions. What stays is what any
 * such ring needs: the lists of inputs and outputs, the counts of what is published where, life words and owner words.
 */
#ifndef BARE_H
#define BARE_H

/* Before the macros, so that the layers' own definitions are untouched. */
#include "arena.h"
#include "check.h"
#include "journal.h"
#include "ring.h"

/* A word that the source writes as one of the journal's. */
#define BARE_IN_JOURNAL(text) \
    (__builtin_strncmp(text, "&j->", 4) == 0 || __builtin_strncmp(text, "&t->journal->", 13) == 0)

#define au32_store_relaxed(word, value) (BARE_IN_JOURNAL(#word) ? (void)0 : au32_store_relaxed(word, value))
#define au32_store_changed(word, value) (BARE_IN_JOURNAL(#word) ? (void)0 : au32_store_changed(word, value))
#define au64_store_relaxed(word, value) (BARE_IN_JOURNAL(#word) ? (void)0 : au64_store_relaxed(word, value))
#define journal_decide(j, d) ((void)(j), (void)(d))
#define journal_write_tally(next, tally, rare) ((void)(next), (void)(tally), (void)(rare))
#define compiler_barrier() ((void)0)

#define arena_block(a, d, holder) ((void)(holder), (struct block *)(void *)((a)->base + (d)->block))

#undef CHECK
#define CHECK(condition) ((void)(condition))

#endif
