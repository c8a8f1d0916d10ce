/* What one probe of micropipe doctor found, and how findings are printed. */
#ifndef FINDING_H
#define FINDING_H

#include <stddef.h>
#include <stdio.h>

enum verdict {
    VERDICT_OK,
    VERDICT_WARN,   /* a pipeline runs, not as well as it could */
    VERDICT_MISSING /* no pipeline can run */
};

struct finding {
    const char *name;
    enum verdict verdict;
    char found[192];   /* what is there */
    char meaning[256]; /* what follows from it; "": nothing */
    char fix[192];     /* the command that changes it; "": there is none */
};

/* Sets what was found; the verdict is VERDICT_OK until finding_blame(). */
__attribute__((format(printf, 2, 3))) void finding_found(struct finding *f, const char *format, ...);
void finding_blame(struct finding *f, enum verdict verdict, const char *meaning);
__attribute__((format(printf, 2, 3))) void finding_fix(struct finding *f, const char *format, ...);

/* A line each, and for what is not well what it means and the fix; then one line that sums up. */
void finding_print_all(const struct finding *list, size_t n, FILE *out);

/* {"ok": true, "findings": [{"name", "verdict", "found", "meaning", "fix"}]}. 0, -ENOMEM, or -EIO: it could
 * not be written. */
int finding_print_json(const struct finding *list, size_t n, FILE *out);

size_t finding_count(const struct finding *list, size_t n, enum verdict verdict);

#endif
