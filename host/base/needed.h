/* Memory that the host cannot do without while it reads what it is to run, when nothing is started yet and nothing can
 * be lost: being out of it ends the program with exit code 1 and one line that says so.
 *
 * Host process only, and never once a process of the pipeline may live: from there on such an error is returned.
 */
#ifndef NEEDED_H
#define NEEDED_H

/* Returns `memory`, or does not return if it is NULL. */
void *needed(void *memory);

#endif
