/* The program micropipe. */
#include "commands.h"
#include "output.h"

int main(int argc, char **argv)
{
    output_prepare();
    return output_finish(commands_dispatch(argc, argv, stdout, stderr));
}
