/* Does one bad deed in a constructor, so before any function of it is called. */
#include <errno.h>
#include <micropipe/micropipe.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((constructor)) static void deed(void)
{
#if defined(DEED_SEGV)
    fprintf(stderr, "about to follow a wild pointer\n");
    raise(SIGSEGV);
#elif defined(DEED_ABORT)
    abort();
#elif defined(DEED_HANG)
    for (;;)
        pause();
#elif defined(DEED_EXIT)
    exit(7);
#elif defined(DEED_FLOOD)
    char zeros[65536] = {0};
    while (write(3, zeros, sizeof zeros) > 0) /* 3: where the scanner's answer goes */
        continue;
#elif defined(DEED_DAEMON)
    if (fork() == 0) /* holds the pipes open for ever */
        for (;;)
            pause();
#elif defined(DEED_CLOSE_ALL)
    for (int fd = 0; fd < 64; fd++)
        close(fd);
#elif defined(DEED_GARBAGE)
    uint32_t record[] = {4, 8, UINT32_MAX, 0}; /* "described", and so many processors that no memory holds them */
    if (write(3, record, sizeof record) > 0)
        _exit(0);
#endif
}

static mpipe_status pass_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    (void)self;
    return mpipe_emit(io, 0, frame);
}

static const mpipe_processor pass = {MPIPE_PROCESSOR, .name = "pass", .summary = "Hands on", .process = pass_process};

#if defined(DEED_DAEMON)
MPIPE_PLUGIN("constructor_daemon", "1.0.0", &pass)
#else
MPIPE_PLUGIN("constructor", "1.0.0", &pass)
#endif
