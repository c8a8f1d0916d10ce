/* Sins against what a process has around it, and leaves changed. */
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "sins.h"

#define SIN(name) static mpipe_status name(const mpipe_host *host, const mpipe_io *io, mpipe_frame *frame)
#define UNUSED (void)host, (void)io, (void)frame

SIN(close_all)
{
    UNUSED;
    close_range(0, ~0u, 0);
    return MPIPE_OK;
}

SIN(flood_log)
{
    (void)io, (void)frame;
    for (int i = 0; i < 5000; i++)
        mpipe_log(host, MPIPE_LOG_ERROR, "flood %d", i);
    return MPIPE_OK;
}

/* Every byte that there is, in lines that are short and in one that is longer than any line may be. */
SIN(log_bytes)
{
    (void)io, (void)frame;
    static char all[8192];
    for (int i = 0; i < (int)sizeof all - 1; i++)
        all[i] = (char)(i % 255 + 1);
    for (int i = 1; i < 256; i++)
        mpipe_log(host, MPIPE_LOG_ERROR, "\"%c\\%c%c\n}", i, i, 255 - i % 255);
    mpipe_log(host, MPIPE_LOG_ERROR, "%s", all);
    return MPIPE_OK;
}

static void ignore(int signal)
{
    (void)signal;
}

SIN(handle_signals)
{
    UNUSED;
    sigset_t all;
    for (int s = 1; s < NSIG; s++)
        signal(s, ignore);
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    return MPIPE_OK;
}

SIN(set_timer)
{
    UNUSED;
    struct itimerval t = {{0, 1000}, {0, 1000}};
    signal(SIGALRM, ignore);
    setitimer(ITIMER_REAL, &t, NULL);
    return MPIPE_OK;
}

SIN(change_folder)
{
    UNUSED;
    return chdir("/") == 0 ? MPIPE_OK : MPIPE_FATAL;
}

SIN(change_locale)
{
    UNUSED;
    setlocale(LC_ALL, "C.UTF-8");
    setenv("LC_ALL", "tr_TR", 1);
    return MPIPE_OK;
}

SIN(change_rounding)
{
    UNUSED;
    fesetround(FE_UPWARD);
    return MPIPE_OK;
}

SIN(change_umask)
{
    UNUSED;
    umask(0777);
    return MPIPE_OK;
}

SIN(change_limits)
{
    UNUSED;
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_NOFILE, &none);
    setrlimit(RLIMIT_STACK, &none);
    return MPIPE_OK;
}

static void *spin(void *nothing)
{
    volatile unsigned n = 0;
    while (n < 1000000000u)
        n++;
    return nothing;
}

SIN(leave_thread)
{
    UNUSED;
    pthread_t t;
    pthread_create(&t, NULL, spin, NULL);
    return MPIPE_OK;
}

SIN(hoard_files)
{
    UNUSED;
    while (open("/dev/null", O_RDONLY) >= 0)
        ;
    return MPIPE_OK;
}

const struct sin surroundings_sins[] = {{"close_all", close_all},
                                        {"flood_log", flood_log},
                                        {"log_bytes", log_bytes},
                                        {"handle_signals", handle_signals},
                                        {"set_timer", set_timer},
                                        {"change_folder", change_folder},
                                        {"change_locale", change_locale},
                                        {"change_rounding", change_rounding},
                                        {"change_umask", change_umask},
                                        {"change_limits", change_limits},
                                        {"leave_thread", leave_thread},
                                        {"hoard_files", hoard_files},
                                        {NULL, NULL}};
