/* Answers: what the control socket's requests mean. Host process. */
#ifndef ANSWER_H
#define ANSWER_H

#include "operator.h"

/* Does what one request, a JSON object of n bytes, wants, and returns the answer with its newline, to be freed. NULL:
 * there is no memory. */
char *control_answer(struct supervisor *s, const char *request, size_t n);

#endif
