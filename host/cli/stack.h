/* The limit of the stack. Below it the program would die of a signal, somewhere in the middle of its work. */
#ifndef STACK_H
#define STACK_H

#include <stdio.h>

enum { STACK_LEAST = 512 << 10 }; /* bytes: more than four times what a run was seen to take */

/* EXIT_OK, or EXIT_SYSTEM after a message that this command has too little. */
int stack_check(const char *command, FILE *err);

#endif
