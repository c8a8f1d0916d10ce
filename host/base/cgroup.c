#include "cgroup.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "kernel_figure.h"

/* From this on a number of version 1 means that there is no limit: it is rounded down to pages from 2^63. */
static const uint64_t no_limit_from = (uint64_t)1 << 62;

/* Where the groups of one controller are: from `folder`, this process's group, up to the one at `top` bytes of it. */
struct hierarchy {
    char folder[PATH_MAX];
    size_t top;
    int unified; /* version 2 */
};

static int has_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',')
        if (strncmp(at, word, length) == 0 && (at[length] == '\0' || at[length] == ','))
            return 1;
    return 0;
}

static FILE *open_under(const char *root, const char *path)
{
    char name[PATH_MAX];
    int n = snprintf(name, sizeof name, "%s%s", root, path);
    return n > 0 && (size_t)n < sizeof name ? fopen(name, "re") : NULL;
}

/* The group of this process for a controller: /proc/self/cgroup has "ID:CONTROLLERS:PATH", without controllers for
 * version 2. 1 if there is one. */
static int read_group(const char *root, const char *controller, char *path, size_t size, int *unified)
{
    AUTO_FILE FILE *f = open_under(root, "/proc/self/cgroup");
    char line[PATH_MAX + 256];
    int found = 0;
    while (f && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        char *list = strchr(line, ':');
        char *group = list ? strchr(list + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = '\0';
        *list++ = '\0';
        int is_unified = *list == '\0';
        if (!has_word(list, controller) && !(is_unified && !found))
            continue;
        snprintf(path, size, "%s", group);
        *unified = is_unified;
        found = 1;
        if (!is_unified)
            return 1; /* a controller that version 1 has, version 2 has not */
    }
    return found;
}

/* One line of mountinfo: ID PARENT MAJOR:MINOR ROOT MOUNT_POINT ... - TYPE SOURCE SUPER_OPTIONS. 1 if it is the mount
 * of this controller. */
static int parse_mount(char *line, const char *controller, int unified, char *mount_root, char *mount_point)
{
    char type[32];
    char options[256];
    char *dash = strstr(line, " - ");
    if (!dash || sscanf(dash + 3, "%31s %*s %255s", type, options) != 2)
        return 0;
    if (unified ? strcmp(type, "cgroup2") != 0 : strcmp(type, "cgroup") != 0 || !has_word(options, controller))
        return 0;
    return sscanf(line, "%*s %*s %*s %4095s %4095s", mount_root, mount_point) == 2;
}

static int find_hierarchy(const char *root, const char *controller, struct hierarchy *h)
{
    char group[PATH_MAX];
    char line[3 * PATH_MAX];
    char mount_root[PATH_MAX];
    char mount_point[PATH_MAX];
    if (!read_group(root, controller, group, sizeof group, &h->unified))
        return 0;
    AUTO_FILE FILE *f = open_under(root, "/proc/self/mountinfo");
    while (f && fgets(line, sizeof line, f)) {
        if (!parse_mount(line, controller, h->unified, mount_root, mount_point))
            continue;
        /* In a container the mount may show a part of the tree only: what is above it is not to be seen. */
        size_t hidden = strcmp(mount_root, "/") == 0 ? 0 : strlen(mount_root);
        const char *below = strncmp(group, mount_root, hidden) == 0 ? group + hidden : "";
        int n =
            snprintf(h->folder, sizeof h->folder, "%s%s%s", root, mount_point, strcmp(below, "/") == 0 ? "" : below);
        h->top = strlen(root) + strlen(mount_point);
        return n > 0 && (size_t)n < sizeof h->folder;
    }
    return 0;
}

/* The first two words of a file of a group, NULL-terminated; 0 if it cannot be read. */
static int read_words(const char *folder, const char *file, char first[32], char second[32])
{
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    AUTO_FILE FILE *f = fopen(path, "re");
    first[0] = second[0] = '\0';
    return f && fscanf(f, "%31s %31s", first, second) >= 1;
}

/* The number in a file, UINT64_MAX for "max", for what is as good as no limit, and for what cannot be read. */
static uint64_t read_limit(const char *folder, const char *file)
{
    char first[32];
    char second[32];
    char *end;
    if (!read_words(folder, file, first, second) || first[0] == '-')
        return UINT64_MAX;
    uint64_t n = strtoull(first, &end, 10);
    return end == first || *end || n >= no_limit_from ? UINT64_MAX : n;
}

/* Processors' worth of time that one group grants; 0: no limit. */
static double read_cpus(const char *folder, int unified)
{
    char quota[32];
    char period[32];
    char unused[32];
    if (unified && !read_words(folder, "cpu.max", quota, period))
        return 0;
    if (!unified && (!read_words(folder, "cpu.cfs_quota_us", quota, unused) ||
                     !read_words(folder, "cpu.cfs_period_us", period, unused)))
        return 0;
    double n = strtod(quota, NULL);
    double per = strtod(period, NULL);
    return n > 0 && per > 0 ? n / per : 0;
}

/* Goes one group up; 0 at the top. */
static int go_up(struct hierarchy *h)
{
    if (strlen(h->folder) <= h->top)
        return 0;
    *strrchr(h->folder, '/') = '\0';
    return 1;
}

/* The least of the limits from the group of this process upwards. */
static uint64_t least_limit(const char *root, const char *controller, const char *file_v1, const char *file_v2)
{
    struct hierarchy h;
    uint64_t least = UINT64_MAX;
    if (!find_hierarchy(root, controller, &h))
        return least;
    do {
        uint64_t limit = read_limit(h.folder, h.unified ? file_v2 : file_v1);
        least = limit < least ? limit : least;
    } while (go_up(&h));
    return least;
}

static double least_cpus(const char *root)
{
    struct hierarchy h;
    double least = 0;
    if (!find_hierarchy(root, "cpu", &h))
        return 0;
    do {
        double cpus = read_cpus(h.folder, h.unified);
        if (cpus > 0 && (least <= 0 || cpus < least))
            least = cpus;
    } while (go_up(&h));
    return least;
}

void cgroup_limits_read(const char *root, struct cgroup_limits *out)
{
    out->memory = least_limit(root, "memory", "memory.limit_in_bytes", "memory.max");
    out->huge_pages = least_limit(root, "hugetlb", "hugetlb.2MB.limit_in_bytes", "hugetlb.2MB.max");
    out->processes = least_limit(root, "pids", "pids.max", "pids.max");
    out->cpus = least_cpus(root);
}

static uint64_t read_stat(const char *folder, const char *file, const char *key)
{
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    return kernel_figure(path, key, 0);
}

uint64_t cgroup_memory_left(const char *root)
{
    struct hierarchy h;
    uint64_t least = UINT64_MAX;
    if (!find_hierarchy(root, "memory", &h))
        return least;
    do {
        uint64_t limit = read_limit(h.folder, h.unified ? "memory.max" : "memory.limit_in_bytes");
        uint64_t used = read_limit(h.folder, h.unified ? "memory.current" : "memory.usage_in_bytes");
        uint64_t droppable = read_stat(h.folder, "memory.stat", h.unified ? "inactive_file" : "total_inactive_file");
        if (limit == UINT64_MAX || used == UINT64_MAX)
            continue;
        used = used > droppable ? used - droppable : 0;
        uint64_t left = limit > used ? limit - used : 0;
        least = left < least ? left : least;
    } while (go_up(&h));
    return least;
}
