/* micropipe run: runs a pipeline to its end, shows how far it is, and sums up. */
#ifndef COMMAND_RUN_H
#define COMMAND_RUN_H

#include "commands.h"

command_function command_run;

#endif
