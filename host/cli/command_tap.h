/* micropipe tap: frames as they leave a stage of a running pipeline. */
#ifndef COMMAND_TAP_H
#define COMMAND_TAP_H

#include "commands.h"

command_function command_tap;

#endif
