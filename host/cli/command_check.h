/* micropipe check: finds every mistake of a pipeline, and starts nothing. */
#ifndef COMMAND_CHECK_H
#define COMMAND_CHECK_H

#include "commands.h"

command_function command_check;

#endif
