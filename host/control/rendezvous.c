#include "rendezvous.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".sock"

static int place(char *folder, size_t size)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    int n = runtime && runtime[0] == '/' ? snprintf(folder, size, "%s/micropipe", runtime)
            : geteuid() == 0             ? snprintf(folder, size, "/run/micropipe")
                                         : snprintf(folder, size, "/tmp/micropipe-%u", (unsigned)geteuid());
    return n > 0 && (size_t)n < size ? 0 : -ENAMETOOLONG;
}

int rendezvous_make(char *folder, size_t size)
{
    struct stat status;
    int error = place(folder, size);
    if (error)
        return error;
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return -errno;
    if (lstat(folder, &status) != 0)
        return -errno;
    if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() || status.st_mode & (S_IWGRP | S_IWOTH))
        return -EPERM;
    return 0;
}

int rendezvous_address(const char *folder, const char *name, struct sockaddr_un *out)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    int n = snprintf(out->sun_path, sizeof out->sun_path, "%s/%s" SUFFIX, folder, name);
    return n > 0 && (size_t)n < sizeof out->sun_path ? 0 : -ENAMETOOLONG;
}

static int is_socket(const struct dirent *e)
{
    size_t n = strlen(e->d_name), suffix = strlen(SUFFIX);
    return n > suffix && strcmp(e->d_name + n - suffix, SUFFIX) == 0;
}

void rendezvous_list(const char *folder, char *text, size_t size)
{
    struct dirent **found;
    size_t used = 0;
    int n = scandir(folder, &found, is_socket, alphasort);
    text[0] = '\0';
    for (int i = 0; i < n; i++) {
        int length = (int)(strlen(found[i]->d_name) - strlen(SUFFIX));
        if (used < size)
            used += (size_t)snprintf(text + used, size - used, "%s%.*s", used ? " " : "", length, found[i]->d_name);
        free(found[i]);
    }
    if (n >= 0)
        free(found);
}
