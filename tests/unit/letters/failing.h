// Calls of libc in host/letters that fail, one at a time: the linker puts these in their place.
#ifndef FAILING_H
#define FAILING_H

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#include <dirent.h>

namespace failing
{

// While it lives, the n-th call of the functions below fails, and only that.
class Call
{
  public:
    explicit Call(int n) : left_(n) { current_ = this; }
    ~Call() { current_ = nullptr; }
    Call(const Call &) = delete;
    Call &operator=(const Call &) = delete;

    bool Failed() const { return name_ != nullptr; }
    const char *name() const { return name_ ? name_ : "nothing"; } // of the call that failed

    // Whether the call that is being made fails; then errno says so.
    static bool Fails(const char *name, int error)
    {
        if (!current_ || --current_->left_ != 0)
            return false;
        current_->name_ = name;
        errno = error;
        return true;
    }

  private:
    static inline Call *current_ = nullptr;
    int left_;
    const char *name_ = nullptr;
};

} // namespace failing

extern "C" {

#define FAILING(type, name, parameters, arguments, error, result)                       \
    type __real_##name parameters;                                                      \
    type __wrap_##name parameters;                                                      \
    type __wrap_##name parameters                                                       \
    {                                                                                   \
        return failing::Call::Fails(#name, error) ? (result) : __real_##name arguments; \
    }

FAILING(DIR *, fdopendir, (int fd), (fd), ENOMEM, nullptr)
FAILING(struct dirent *, readdir, (DIR * entries), (entries), EIO, nullptr)
FAILING(ssize_t, read, (int fd, void *to, size_t n), (fd, to, n), EIO, -1)
FAILING(int, unlinkat, (int folder, const char *name, int flags), (folder, name, flags), EIO, -1)
FAILING(int, renameat, (int from, const char *old, int to, const char *name), (from, old, to, name), EIO, -1)
FAILING(int, mkdirat, (int folder, const char *name, mode_t mode), (folder, name, mode), ENOSPC, -1)
FAILING(int, fsync, (int fd), (fd), EIO, -1)
FAILING(int, fflush, (FILE * file), (file), ENOSPC, EOF)
FAILING(FILE *, fdopen, (int fd, const char *mode), (fd, mode), ENOMEM, nullptr)
FAILING(ssize_t, getline, (char **line, size_t *room, FILE *file), (line, room, file), ENOMEM, -1)
FAILING(void *, malloc, (size_t size), (size), ENOMEM, nullptr)
FAILING(void *, reallocarray, (void *old, size_t n, size_t size), (old, n, size), ENOMEM, nullptr)
FAILING(char *, strdup, (const char *text), (text), ENOMEM, nullptr)
FAILING(char *, strndup, (const char *text, size_t size), (text, size), ENOMEM, nullptr)

int __real_openat(int folder, const char *name, int flags, ...);
int __wrap_openat(int folder, const char *name, int flags, ...);
int __wrap_openat(int folder, const char *name, int flags, ...) // none of ours makes a file
{
    return failing::Call::Fails("openat", EMFILE) ? -1 : __real_openat(folder, name, flags);
}

int __wrap_asprintf(char **out, const char *format, ...) __attribute__((format(printf, 2, 3)));
int __wrap_asprintf(char **out, const char *format, ...)
{
    if (failing::Call::Fails("asprintf", ENOMEM)) {
        *out = reinterpret_cast<char *>(1); // asprintf(3): the contents are undefined
        return -1;
    }
    va_list args;
    va_start(args, format);
    int n = vasprintf(out, format, args);
    va_end(args);
    return n;
}

} // extern "C"

#endif
