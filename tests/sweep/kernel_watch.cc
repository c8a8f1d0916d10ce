#include "kernel_watch.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdint>

#include "doing.h"

namespace
{

const KernelHooks *watching; // the wrapped functions of C have no other place for it

bool IsFutexWait(long number, const long *args)
{
    int operation = static_cast<int>(args[1]) & FUTEX_CMD_MASK;
    return number == SYS_futex && (operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET);
}

uint32_t WordAt(long address)
{
    return __atomic_load_n(reinterpret_cast<const uint32_t *>(address), __ATOMIC_ACQUIRE);
}

void FileCallMade()
{
    if (watching && watching->after_file_call)
        watching->after_file_call();
}

} // namespace

KernelWatch::KernelWatch(KernelHooks hooks) : hooks_(std::move(hooks)), before_(watching)
{
    watching = &hooks_;
}

KernelWatch::~KernelWatch()
{
    watching = before_;
}

extern "C" {

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
int __real_openat(int folder, const char *path, int flags, ...);
int __wrap_openat(int folder, const char *path, int flags, ...);
ssize_t __real_write(int fd, const void *bytes, size_t n);
ssize_t __wrap_write(int fd, const void *bytes, size_t n);
int __real_renameat(int from_folder, const char *from, int to_folder, const char *to);
int __wrap_renameat(int from_folder, const char *from, int to_folder, const char *to);

long __wrap_syscall(long number, ...)
{
    long args[6];
    va_list list;
    va_start(list, number);
    for (long &arg : args)
        arg = va_arg(list, long);
    va_end(list);
    if (watching && IsFutexWait(number, args) && WordAt(args[0]) == static_cast<uint32_t>(args[2])) {
        watching->before_sleep();
        if (WordAt(args[0]) == static_cast<uint32_t>(args[2]))
            Doing::Abort("a worker sleeps, and nothing is left that would wake it");
    }
    return __real_syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
}

int __wrap_openat(int folder, const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    auto mode = static_cast<mode_t>((flags & O_CREAT) ? va_arg(list, unsigned) : 0);
    va_end(list);
    int fd = __real_openat(folder, path, flags, mode);
    FileCallMade();
    return fd;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t n)
{
    ssize_t written = __real_write(fd, bytes, n);
    FileCallMade();
    return written;
}

int __wrap_renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    int result = __real_renameat(from_folder, from, to_folder, to);
    FileCallMade();
    return result;
}
}
