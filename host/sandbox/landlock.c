#include "landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"

enum { ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_SCOPE = 6 };

/* Newer than the headers that we are built with. */
#define ACCESS_REFER (UINT64_C(1) << 13)
#define ACCESS_TRUNCATE (UINT64_C(1) << 14)
#define SCOPE_ABSTRACT_SOCKETS UINT64_C(1)
#define SCOPE_SIGNALS UINT64_C(2)

struct ruleset {
    uint64_t files, network, scope;
};

int landlock_abi(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return abi > 0 ? (int)abi : 0;
}

/* All that changes a file or a folder. */
static uint64_t changes(int abi)
{
    uint64_t all = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                   LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                   LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                   LANDLOCK_ACCESS_FS_MAKE_SYM;
    return all | (abi >= ABI_REFER ? ACCESS_REFER : 0) | (abi >= ABI_TRUNCATE ? ACCESS_TRUNCATE : 0);
}

static void allow(int rules, const char *path, uint64_t access)
{
    AUTO_FD int fd = open(path, O_PATH | O_CLOEXEC);
    struct landlock_path_beneath_attr beneath = {.allowed_access = access, .parent_fd = fd};
    if (fd >= 0)
        syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
}

int landlock_enter(const struct sandbox *s)
{
    int abi = landlock_abi();
    struct ruleset r = {0};
    if (abi > 0 && s->level == SANDBOX_STRICT)
        r.files = changes(abi);
    if (abi >= ABI_SCOPE)
        r.scope = SCOPE_SIGNALS | (s->level == SANDBOX_STRICT ? SCOPE_ABSTRACT_SOCKETS : 0);
    if (!r.files && !r.scope)
        return 0;
    /* A kernel takes no fields that it does not know, unless they are zero. */
    AUTO_FD int rules = (int)syscall(SYS_landlock_create_ruleset, &r, sizeof r, 0);
    if (rules < 0)
        return 0;
    if (r.files && s->writable)
        allow(rules, s->writable, r.files & ~(uint64_t)(LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK));
    if (r.files)
        allow(rules, "/dev/null", LANDLOCK_ACCESS_FS_WRITE_FILE);
    return syscall(SYS_landlock_restrict_self, rules, 0) == 0 ? abi : 0;
}
