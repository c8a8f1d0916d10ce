#include "nearest.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

enum { LETTERS_MAX = 63 }; /* longer names are never suggested: the rows below stay on the stack */

/* Three rows of the matrix of distances between prefixes; `older` is there for swapped letters. */
struct rows {
    size_t older[LETTERS_MAX + 1], above[LETTERS_MAX + 1], row[LETTERS_MAX + 1];
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int same(const char *a, const char *b)
{
    return tolower((unsigned char)*a) == tolower((unsigned char)*b);
}

/* Fills rows->row for the first i letters of a, against every prefix of b. */
static void next_row(struct rows *rows, const char *a, size_t i, const char *b, size_t b_length)
{
    rows->row[0] = i;
    for (size_t j = 1; j <= b_length; j++) {
        size_t changed = rows->above[j - 1] + (same(a + i - 1, b + j - 1) ? 0 : 1);
        size_t best = least(changed, least(rows->above[j], rows->row[j - 1]) + 1);
        if (i > 1 && j > 1 && same(a + i - 1, b + j - 2) && same(a + i - 2, b + j - 1))
            best = least(best, rows->older[j - 2] + 1);
        rows->row[j] = best;
    }
}

static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    struct rows rows;
    for (size_t j = 0; j <= b_length; j++)
        rows.row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        if (i > 1)
            memcpy(rows.older, rows.above, sizeof rows.older);
        memcpy(rows.above, rows.row, sizeof rows.above);
        next_row(&rows, a, i, b, b_length);
    }
    return rows.row[b_length];
}

const char *nearest_name(const char *wrong, const char *const *names, size_t n)
{
    size_t length = strlen(wrong);
    size_t allowed = length / 3 > 0 ? length / 3 : 1;
    size_t best = SIZE_MAX;
    const char *nearest = NULL;
    if (length < 2 || length > LETTERS_MAX)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        size_t other = strlen(names[i]);
        if (other > LETTERS_MAX || other > length + allowed || length > other + allowed)
            continue;
        size_t d = distance(wrong, length, names[i], other);
        if (d <= allowed && d < best) {
            best = d;
            nearest = names[i];
        }
    }
    return nearest;
}
