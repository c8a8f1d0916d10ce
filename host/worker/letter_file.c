#include "letter_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

enum { AMENDED_BYTES_MAX = 1024 * 1024 };

/* Writes `size` bytes of what is given into a file. 0 or -errno. */
typedef int filler(int fd, const void *from, uint64_t size);

static int write_all(int fd, const void *from, uint64_t size)
{
    const uint8_t *data = from;
    while (size > 0) {
        ssize_t n = write(fd, data, size); /* the kernel takes 2 GiB of it at most */
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        data += n;
        size -= (uint64_t)n;
    }
    return 0;
}

static int copy_all(int fd, const void *from, uint64_t size)
{
    for (off_t at = 0; (uint64_t)at < size;) {
        ssize_t n = sendfile(fd, *(const int *)from, &at, size - (uint64_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO; /* it is shorter than was said */
    }
    return 0;
}

/* Under another name first, so that what has its name is whole. */
static int put(int folder, const char *name, filler *fill, const void *from, uint64_t size)
{
    char part[LETTER_NAME_BYTES + 8];
    if ((size_t)snprintf(part, sizeof part, ".%s.part", name) >= sizeof part)
        return -ENAMETOOLONG;
    AUTO_FD int fd = openat(folder, part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    int error = fill(fd, from, size);
    if (!error && renameat(folder, part, folder, name) != 0)
        error = -errno;
    if (error)
        unlinkat(folder, part, 0);
    return error;
}

int letter_file_put(int folder, const char *name, const uint8_t *data, uint64_t size)
{
    return put(folder, name, write_all, data, size);
}

int letter_file_copy(int folder, const char *name, int from, uint64_t size)
{
    return put(folder, name, copy_all, &from, size);
}

char *letter_file_text(const json_t *object)
{
    size_t size = json_dumpb(object, NULL, 0, JSON_INDENT(2));
    char *text = size ? malloc(size + 1) : NULL;
    if (!text)
        return NULL;
    if (json_dumpb(object, text, size, JSON_INDENT(2)) != size) {
        free(text);
        return NULL;
    }
    text[size] = '\0';
    return text;
}

/* What is there now. A plugin may be able to write there, too: nothing but a file of sensible size is read. */
static json_t *read_letter(int folder, const char *name, int *error)
{
    struct stat status = {0};
    AUTO_FD int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        *error = -errno;
        return NULL;
    }
    *error = -EBADMSG;
    fstat(fd, &status);
    json_t *letter = NULL;
    if (S_ISREG(status.st_mode) && status.st_size <= AMENDED_BYTES_MAX)
        letter = json_loadfd(fd, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(letter))
        return letter;
    json_decref(letter);
    return NULL;
}

int letter_file_amend(const char *path, const char *name, const char *key, json_t *value)
{
    char file[LETTER_NAME_BYTES + 8];
    int error = 0;
    AUTO_FD int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return -errno;
    snprintf(file, sizeof file, "%.140s.json", name);
    json_t *letter = read_letter(folder, file, &error);
    if (!letter)
        return error;
    char *text = json_object_set(letter, key, value) == 0 ? letter_file_text(letter) : NULL;
    json_decref(letter);
    error = text ? letter_file_put(folder, file, (const uint8_t *)text, strlen(text)) : -ENOMEM;
    free(text);
    return error;
}
