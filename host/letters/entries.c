#include "entries.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int visit_all(DIR *entries, int folder, entries_visit_fn *visit, void *context)
{
    int error = 0;
    while (!error) {
        errno = 0; /* readdir() tells its end from a failure by that alone */
        const struct dirent *e = readdir(entries);
        if (!e)
            return -errno;
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            error = visit(context, folder, e->d_name);
    }
    return error;
}

int entries_visit(int folder, entries_visit_fn *visit, void *context)
{
    int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* with a place of its own */
    if (copy < 0)
        return -errno;
    DIR *entries = fdopendir(copy);
    if (!entries) {
        close(copy);
        return -ENOMEM;
    }
    int error = visit_all(entries, folder, visit, context);
    closedir(entries);
    return error;
}
