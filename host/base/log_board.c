#include "log_board.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum { LOCK_TRIES = 2000, TAKE_TRIES = 8 };

/* The word of a kind. The middle only tells one state from another, so that who takes the count knows that the line
 * that it has read is the one. */
#define COUNT_MASK UINT64_C(0xffffffff)
#define SIDE_BIT (UINT64_C(1) << 32)
#define TURN_ONE (UINT64_C(1) << 33)

_Static_assert(sizeof(struct board_page) == BOARD_PAGE, "a page can be protected alone");

/* The first page, which all write to. */
struct board_head {
    au32 stirred, clogged;
};

static struct board_head *head_of(const struct log_board *b)
{
    return (struct board_head *)(void *)b->base;
}

static struct board_page *page_of(const struct log_board *b, uint32_t page)
{
    return (struct board_page *)(void *)(b->base + (size_t)page * BOARD_PAGE);
}

int log_board_create(struct log_board *b, uint32_t n)
{
    void *base =
        mmap(NULL, (size_t)n * BOARD_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    *b = (struct log_board){.n_pages = n};
    if (base == MAP_FAILED)
        return -ENOMEM;
    b->base = base;
    return 0;
}

void log_board_destroy(struct log_board *b)
{
    if (b->base)
        munmap(b->base, (size_t)b->n_pages * BOARD_PAGE);
    b->base = NULL;
}

void log_board_enter(struct log_board *b, uint32_t page)
{
    if (!b->base)
        return;
    struct board_page *own = page_of(b, page);
    mprotect(b->base + BOARD_PAGE, (size_t)(b->n_pages - 1) * BOARD_PAGE, PROT_READ);
    if (mprotect(own, BOARD_PAGE, PROT_READ | PROT_WRITE) != 0) {
        b->base = NULL; /* then every line is written */
        return;
    }
    au32_store_relaxed(&own->lock, 0); /* a predecessor may have died with it */
    for (uint32_t i = 0; i < BOARD_LINES; i++)
        own->kinds[i].like = own->kinds[i].same = 0;
}

int log_board_lock(const struct log_board *b, uint32_t page)
{
    for (int i = 0; i < LOCK_TRIES; i++) {
        uint32_t free = 0;
        if (au32_swap_if(&page_of(b, page)->lock, &free, 1))
            return 1;
        cpu_relax();
    }
    return 0;
}

void log_board_unlock(const struct log_board *b, uint32_t page)
{
    au32_store_release(&page_of(b, page)->lock, 0); /* board_unlock -> au32_swap_if in log_board_lock() */
}

/* FNV-1a. */
static uint64_t hash(uint64_t h, unsigned char byte)
{
    return (h ^ byte) * UINT64_C(0x100000001b3);
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Of a line, with its numbers, and with each of them as if it were 0. `text`: all of it. */
static void hash_line(const struct board_line *line, const char *text, uint64_t *same, uint64_t *like)
{
    uint64_t s = UINT64_C(0xcbf29ce484222325), l;
    for (const char *c = line->stage; *c; c++)
        s = hash(s, (unsigned char)*c);
    s = l = hash(hash(s, (unsigned char)line->level), '\0');
    s = hash(s, (unsigned char)line->worker);
    for (const char *c = text; *c;) {
        int is_address = c[0] == '0' && c[1] == 'x', is_number = is_digit(*c);
        l = hash(l, is_number ? '0' : (unsigned char)*c);
        do
            s = hash(s, (unsigned char)*c++);
        while (is_number && (is_address ? is_hex(*c) || *c == 'x' : is_digit(*c)));
    }
    *same = s | 1; /* 0 is for none */
    *like = l | 1;
}

static void count(const struct log_board *b, struct board_kind *k, const struct board_line *line, uint64_t same,
                  uint64_t now_ns)
{
    uint64_t word = au64_acquire(&k->word), next;
    do {
        const struct board_line *last = &k->sides[(word & SIDE_BIT) != 0];
        struct board_line *side = &k->sides[(word & SIDE_BIT) == 0];
        int is_first = (word & COUNT_MASK) == 0;
        *side = *line;
        side->varied = (same != k->same) | (is_first ? 0 : last->varied);
        if (is_first)
            au64_store_relaxed(&k->counted_ns, now_ns);
        next = ((word + TURN_ONE) ^ SIDE_BIT) + ((word & COUNT_MASK) < COUNT_MASK);
    } while (!au64_swap_if(&k->word, &word, next)); /* it fails if the host has taken the count: at most now and then */
    log_board_stir(b);
}

/* The kind of a line; else the one to give up for it, that has not been seen for the longest time. */
static struct board_kind *find(struct board_page *page, uint64_t like)
{
    struct board_kind *oldest = &page->kinds[0];
    for (uint32_t i = 0; i < BOARD_LINES; i++) {
        struct board_kind *k = &page->kinds[i];
        if (k->like == like)
            return k;
        if (oldest->like && (!k->like || k->seen_ns < oldest->seen_ns))
            oldest = k;
    }
    return oldest;
}

enum board_verdict log_board_judge(const struct log_board *b, uint32_t page, const struct board_line *line,
                                   const char *text, uint64_t now_ns)
{
    uint64_t same, like;
    hash_line(line, text, &same, &like);
    struct board_kind *k = find(page_of(b, page), like);
    int is_new = k->like != like;
    int repeats = !is_new && k->same == same && now_ns < k->seen_ns + BOARD_WINDOW_NS;
    if (is_new || now_ns >= k->window_ns + BOARD_WINDOW_NS) {
        k->window_ns = now_ns;
        k->shown = 0;
    }
    k->seen_ns = now_ns;
    if (repeats || (!is_new && k->shown >= BOARD_BURST)) {
        count(b, k, line, same, now_ns);
        k->same = same;
        return BOARD_COUNTED;
    }
    k->like = like;
    k->same = same;
    k->shown++;
    return BOARD_WRITE;
}

uint32_t log_board_take(const struct log_board *b, uint32_t page, uint64_t now_ns, struct board_line *out)
{
    for (uint32_t i = 0; i < BOARD_LINES; i++) {
        struct board_kind *k = &page_of(b, page)->kinds[i];
        uint64_t word = au64_acquire(&k->word);
        for (int t = 0; t < TAKE_TRIES && (word & COUNT_MASK); t++) {
            if (now_ns != BOARD_ALL && now_ns < au64_relaxed(&k->counted_ns) + BOARD_WINDOW_NS)
                break;
            uint32_t n = (uint32_t)(word & COUNT_MASK);
            *out = k->sides[(word & SIDE_BIT) != 0];
            if (!au64_swap_if(&k->word, &word, (word & ~COUNT_MASK) + TURN_ONE))
                continue;
            out->stage[BOARD_STAGE_MAX - 1] = 0; /* another process wrote it */
            out->text[BOARD_TEXT_MAX - 1] = 0;
            out->level = out->level <= LOG_LEVEL_DEBUG ? out->level : LOG_LEVEL_DEBUG;
            return n;
        }
    }
    return 0;
}

au64 *log_board_lost(const struct log_board *b, uint32_t page)
{
    return &page_of(b, page)->lost;
}

int log_board_is_clogged(const struct log_board *b)
{
    return b->base && au32_relaxed(&head_of(b)->clogged); /* a hint: who is late waits, or loses a line */
}

void log_board_clog(const struct log_board *b, int clogged)
{
    if (b->base)
        au32_store_changed(&head_of(b)->clogged, (uint32_t)clogged);
}

int log_board_is_stirred(const struct log_board *b)
{
    uint32_t yes = 1;
    return b->base && au32_swap_if(&head_of(b)->stirred, &yes, 0);
}

void log_board_stir(const struct log_board *b)
{
    au32_store_release(&head_of(b)->stirred, 1); /* stir -> au32_swap_if in log_board_is_stirred() */
}

int log_board_has_counts(const struct log_board *b, uint32_t page)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < BOARD_LINES; i++)
        n |= au64_relaxed(&page_of(b, page)->kinds[i].word) & COUNT_MASK;
    return n != 0;
}
