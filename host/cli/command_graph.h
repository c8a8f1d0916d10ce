/* micropipe graph: the stages of a pipeline and what leads from one to the other, drawn. */
#ifndef COMMAND_GRAPH_H
#define COMMAND_GRAPH_H

#include "commands.h"

command_function command_graph;

#endif
