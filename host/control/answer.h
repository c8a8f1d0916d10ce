/* Answers: what the control socket's requests mean. Host process. */
#ifndef ANSWER_H
#define ANSWER_H

#include "tapping.h"

/* Who asks, where an answer is not all that comes of it. */
struct asker {
    struct tapping *tapping; /* NULL: nothing can be tapped for it */
    uint32_t client;
};

/* Does what one request, a JSON object of n bytes, wants, and returns the answer with its newline, to be freed. NULL:
 * there is no memory. */
char *control_answer(struct supervisor *s, const char *request, size_t n);
char *control_answer_to(const struct asker *asker, struct supervisor *s, const char *request, size_t n);

#endif
