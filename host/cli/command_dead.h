/* micropipe dead: look at dead letters, and send them again. */
#ifndef COMMAND_DEAD_H
#define COMMAND_DEAD_H

#include "commands.h"

command_function command_dead;

#endif
