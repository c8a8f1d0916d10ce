#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "cleanup.h"
#include "rendezvous.h"
#include "silence.h"

enum { PATIENCE_S = 10 };

int client_connect(const char *name, unsigned patience_s, char *why, size_t why_size)
{
    struct sockaddr_un address;
    struct timeval patience = {(time_t)patience_s, 0};
    char folder[sizeof address.sun_path] = "", others[256] = "";
    int error = strchr(name, '/') ? -ENOENT : rendezvous_make(folder, sizeof folder);
    if (!error)
        error = rendezvous_address(folder, name, &address);
    int fd = error ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience); /* connect() heeds it, too */
        if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
            return fd;
    }
    if (!error)
        error = -errno;
    if (fd >= 0)
        close(fd);
    if (error == -ENOENT || error == -ECONNREFUSED)
        rendezvous_list(folder, others, sizeof others);
    if (error == -ENOENT || error == -ECONNREFUSED)
        snprintf(why, why_size, "no pipeline named '%.64s' runs here%s%s", name, others[0] ? ", only: " : "", others);
    else
        snprintf(why, why_size, "cannot reach pipeline '%.64s': %s", name, strerror(-error));
    return -1;
}

/* Closes the connection. */
static json_t *read_answer(int fd, char *why, size_t why_size)
{
    AUTO_FILE FILE *f = fdopen(fd, "re");
    json_t *answer = f ? json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
    if (!f)
        close(fd);
    if (!answer)
        snprintf(why, why_size, "the pipeline did not answer; it may have ended just now");
    return answer;
}

json_t *client_ask(const char *name, json_t *request, char *why, size_t why_size)
{
    AUTO_FREE char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
    AUTO_FREE char *line = NULL;
    const char *command = json_string_value(json_object_get(request, "command"));
    int is_question = command && strcmp(command, "status") == 0;
    json_decref(request);
    if (!text || asprintf(&line, "%s\n", text) < 0) {
        line = NULL;
        snprintf(why, why_size, "the request cannot be written: it is no UTF-8, or there is no memory");
        return NULL;
    }
    int fd = client_connect(name, PATIENCE_S, why, why_size);
    if (fd < 0)
        return NULL;
    if (send(fd, line, strlen(line), MSG_NOSIGNAL) != (ssize_t)strlen(line)) {
        snprintf(why, why_size, "the pipeline does not listen; it may have ended just now");
        close(fd);
        return NULL;
    }
    char silence[SILENCE_TEXT];
    if (silence_bear(fd, PATIENCE_S * 1000, silence) == 0)
        return read_answer(fd, why, why_size);
    close(fd);
    snprintf(why, why_size, "pipeline '%.64s' %s%s", name, silence, is_question ? "" : "; it obeys once it goes on");
    return NULL;
}
