/* SPDX-License-Identifier: Apache-2.0 */
#include "shard.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "key_set.h"
#include "sample_name.h"

enum { TAR_BLOCK = 512, TAR_NAME = 100, PIECE = 256 * 1024, READ_BLOCK = 64 * 1024 };

struct shard {
    int fd;
    uint64_t offset; /* of the file: what is below it has been written */
    uint8_t *piece;  /* what is to be written there */
    size_t n_piece;
    int error; /* of pwrite(): nothing is written from then on; 0: none */
    struct archive *tar;
    struct archive_entry *entry;
    struct key_set keys;
    locale_t utf8; /* libarchive asks the thread's locale what a name's bytes mean; 0: not to be had */
    char reason[128];
};

static int part_name(const char *path, char *part, size_t size)
{
    const int length = snprintf(part, size, "%s.part", path);
    return length < 0 || (size_t)length >= size ? -ENAMETOOLONG : 0;
}

const char *shard_reason(const struct shard *s)
{
    return s->reason;
}

uint64_t shard_offset(const struct shard *s)
{
    return s->offset + s->n_piece;
}

bool shard_has(const struct shard *s, const char *key)
{
    return key_set_has(&s->keys, key);
}

void shard_close(struct shard **s)
{
    if (!*s)
        return;
    (*s)->error = -ECANCELED; /* libarchive writes an end when it is freed */
    if ((*s)->tar)
        archive_write_free((*s)->tar);
    if ((*s)->entry)
        archive_entry_free((*s)->entry);
    if ((*s)->utf8)
        freelocale((*s)->utf8);
    if ((*s)->fd >= 0)
        close((*s)->fd);
    key_set_clear(&(*s)->keys);
    free((*s)->piece);
    free(*s);
    *s = NULL;
}

/* ---- the file ---- */

static void write_at(struct shard *s, const uint8_t *bytes, size_t n)
{
    while (n && !s->error) {
        const ssize_t written = pwrite(s->fd, bytes, n, (off_t)s->offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            s->error = -errno;
            break;
        }
        bytes += written;
        n -= (size_t)written;
        s->offset += (uint64_t)written;
    }
}

static void write_piece(struct shard *s)
{
    const size_t n = s->n_piece;
    s->n_piece = 0;
    write_at(s, s->piece, n);
}

/* Takes everything, whatever became of it: an archive that was told of an error cannot be freed without a leak. So
 * s->error is what counts. */
static la_ssize_t on_write(struct archive *tar, void *context, const void *bytes, size_t n)
{
    struct shard *s = context;
    (void)tar;
    if (!s->error && n > PIECE - s->n_piece)
        write_piece(s);
    if (s->error)
        return (la_ssize_t)n;
    if (n > PIECE) {
        write_at(s, bytes, n);
    } else {
        memcpy(s->piece + s->n_piece, bytes, n);
        s->n_piece += n;
    }
    return (la_ssize_t)n;
}

/* What became of a call of libarchive: it warns of names that are not UTF-8, and stores them as they are. */
static int result(struct shard *s, la_ssize_t status)
{
    if (s->error)
        return s->error;
    if (status >= ARCHIVE_WARN)
        return 0;
    snprintf(s->reason, sizeof s->reason, "%s", archive_error_string(s->tar));
    return -EBADMSG;
}

/* ---- opening ---- */

static int make_folder_of(const char *path)
{
    char *name = strdup(path);
    if (!name)
        return -ENOMEM;
    int error = 0;
    for (char *slash = strchr(name + 1, '/'); slash && !error; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(name, 0777) && errno != EEXIST)
            error = -errno;
        *slash = '/';
    }
    free(name);
    return error;
}

static int open_file(struct shard *s, const char *path, uint64_t offset)
{
    char part[PATH_MAX];
    int error = part_name(path, part, sizeof part);
    if (!error && !offset)
        error = make_folder_of(part);
    if (error)
        return error;
    s->fd = open(part, O_RDWR | O_CLOEXEC | (offset ? 0 : O_CREAT | O_TRUNC), 0666);
    if (s->fd < 0)
        return offset && errno == ENOENT ? -ENODATA : -errno;
    struct stat about;
    if (fstat(s->fd, &about))
        return -errno;
    if ((uint64_t)about.st_size < offset)
        return -ENODATA;
    s->offset = offset;
    return ftruncate(s->fd, (off_t)offset) ? -errno : 0;
}

static int add_key_of(struct shard *s, struct archive_entry *entry)
{
    const char *name = archive_entry_pathname(entry);
    if (!name)
        return -EBADMSG;
    const int error = key_set_add(&s->keys, name, sample_name_key_length(name));
    return error == -EEXIST ? 0 : error; /* a sample may have several members */
}

/* A predecessor's samples, as far as they are committed. */
static int read_keys(struct shard *s)
{
    struct archive *tar = archive_read_new();
    if (!tar)
        return -ENOMEM;
    int status = archive_read_support_format_tar(tar);
    if (status == ARCHIVE_OK)
        status = archive_read_open_fd(tar, s->fd, READ_BLOCK);
    int error = 0;
    struct archive_entry *entry;
    while (status >= ARCHIVE_WARN && !error) {
        status = archive_read_next_header(tar, &entry);
        if (status == ARCHIVE_EOF)
            break;
        if (status >= ARCHIVE_WARN)
            error = add_key_of(s, entry);
    }
    if (status < ARCHIVE_WARN) {
        snprintf(s->reason, sizeof s->reason, "%s", archive_error_string(tar));
        error = -EBADMSG;
    }
    archive_read_free(tar);
    return error;
}

static int open_tar(struct shard *s)
{
    s->tar = archive_write_new();
    s->entry = archive_entry_new();
    s->piece = malloc(PIECE);
    if (!s->tar || !s->entry || !s->piece)
        return -ENOMEM;
    if (archive_write_set_format_pax_restricted(s->tar) != ARCHIVE_OK ||
        archive_write_set_bytes_per_block(s->tar, 0) !=
            ARCHIVE_OK || /* no buffer of its own: we know what is written */
        archive_write_set_bytes_in_last_block(s->tar, 1) != ARCHIVE_OK ||
        archive_write_open(s->tar, s, NULL, on_write, NULL) != ARCHIVE_OK)
        return result(s, ARCHIVE_FATAL);
    return 0;
}

int shard_open(const char *path, uint64_t offset, struct shard **out)
{
    struct shard *s = calloc(1, sizeof *s);
    *out = NULL;
    if (!s)
        return -ENOMEM;
    s->fd = -1;
    s->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    int error = open_file(s, path, offset);
    if (!error && offset) {
        const locale_t before = s->utf8 ? uselocale(s->utf8) : (locale_t)0;
        error = read_keys(s);
        if (before)
            uselocale(before);
    }
    if (!error)
        error = open_tar(s);
    if (error)
        shard_close(&s);
    *out = s;
    return error;
}

/* ---- samples ---- */

static int write_header(struct shard *s, const char *name, uint64_t size)
{
    archive_entry_clear(s->entry);
    archive_entry_set_pathname(s->entry, name);
    archive_entry_set_filetype(s->entry, AE_IFREG);
    archive_entry_set_perm(s->entry, 0644);
    archive_entry_set_mtime(s->entry, 0, 0);
    archive_entry_set_size(s->entry, (la_int64_t)size);
    const locale_t before = s->utf8 ? uselocale(s->utf8) : (locale_t)0;
    const int status = archive_write_header(s->tar, s->entry);
    if (before)
        uselocale(before);
    return result(s, status);
}

int shard_add_member(struct shard *s, const char *name, const uint8_t *bytes, uint64_t size)
{
    int error = write_header(s, name, size);
    while (size && !error) {
        const la_ssize_t n = archive_write_data(s->tar, bytes, size);
        error = result(s, n > 0 ? n : ARCHIVE_FATAL);
        bytes += error ? 0 : n;
        size -= error ? 0 : (uint64_t)n;
    }
    return error ? error : result(s, archive_write_finish_entry(s->tar));
}

int shard_end_sample(struct shard *s, const char *key)
{
    write_piece(s);
    return s->error ? s->error : key_set_add(&s->keys, key, strlen(key));
}

static bool is_plain(const char *name)
{
    for (; *name; name++) {
        if ((unsigned char)*name >= 0x80)
            return false;
    }
    return true;
}

uint64_t shard_member_size(const char *name, uint64_t size)
{
    const size_t length = strlen(name);
    const uint64_t padded = (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
    if (length <= TAR_NAME && is_plain(name))
        return TAR_BLOCK + padded;
    /* a header for the long name: its own block, and the name with some words */
    return 2 * TAR_BLOCK + (length + 64 + TAR_BLOCK) / TAR_BLOCK * TAR_BLOCK + padded;
}

/* ---- the end ---- */

int shard_finish(struct shard *s, enum shard_sync sync)
{
    const int error = result(s, archive_write_close(s->tar));
    if (error)
        return error;
    write_piece(s);
    if (s->error)
        return s->error;
    return sync == SHARD_SYNC && fsync(s->fd) ? -errno : 0;
}

static int sync_folder_of(const char *path)
{
    char *folder = strdup(path);
    if (!folder)
        return -ENOMEM;
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    const int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd < 0)
        return -errno;
    const int error = fsync(fd) ? -errno : 0;
    close(fd);
    return error;
}

int shard_publish(const char *path, enum shard_sync sync)
{
    char part[PATH_MAX];
    const int error = part_name(path, part, sizeof part);
    if (error)
        return error;
    if (rename(part, path) && (errno != ENOENT || access(path, F_OK)))
        return -errno;
    return sync == SHARD_SYNC ? sync_folder_of(path) : 0;
}
