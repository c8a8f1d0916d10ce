/* next_major: built for an interface that this host does not have. */
#include <micropipe/plugin.h>

MPIPE_EXPORT const void *mpipe_plugin_v2(void);

const void *mpipe_plugin_v2(void)
{
    return 0;
}
