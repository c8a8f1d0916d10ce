/* The program micropipe. */
#include <signal.h>

#include "commands.h"
#include "output.h"

int main(int argc, char **argv)
{
    signal(SIGCHLD, SIG_DFL); /* inherited as ignored, it would make the kernel reap children behind our back */
    output_prepare();
    return output_finish(commands_dispatch(argc, argv, stdout, stderr), stderr);
}
