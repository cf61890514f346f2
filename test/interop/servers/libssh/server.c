/* An SSH server by libssh, a process for each connection. What it has to do: ../README.md. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libssh/callbacks.h>
#include <libssh/server.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_CHANNELS = 100, MAX_KEYS = 100, CHUNK = 32768, TICK_MS = 10 };

/* A pipe of a program, and what has been taken from one side of it and not yet by the other. */
struct Pipe {
    int fd; /* -1: closed */
    char pending[CHUNK];
    size_t from, to;
};

struct Program {
    ssh_channel channel; /* NULL: the place is free */
    struct ssh_channel_callbacks_struct callbacks;
    char interop[256];
    pid_t pid; /* 0: nothing has been asked for */
    struct Pipe in, out, err;
    bool is_ended; /* EOF is sent */
};

static struct Program programs[MAX_CHANNELS];
static ssh_key authorized[MAX_KEYS];
static size_t authorized_count;

static char *read_text(const char *path) {
    static char text[65536];
    FILE *file = fopen(path, "r");
    size_t length = file == NULL ? 0 : fread(text, 1, sizeof text - 1, file);
    if (file != NULL) fclose(file);
    text[length] = '\0';
    return text;
}

static void read_authorized_keys(void) {
    char *rest = NULL;
    for (char *line = strtok_r(read_text("/interop/authorized_keys"), "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char type[64], base64[8192];
        if (authorized_count == MAX_KEYS || sscanf(line, "%63s %8191s", type, base64) != 2) continue;
        ssh_key *key = &authorized[authorized_count];
        if (ssh_pki_import_pubkey_base64(base64, ssh_key_type_from_name(type), key) == SSH_OK) authorized_count++;
    }
}

/* Before authentication */

/* libssh sends it when told, and may be told from the first request on. */
static void send_banner(ssh_session session) {
    static bool is_sent;
    if (is_sent) return;
    is_sent = true;
    ssh_string banner = ssh_string_from_char(read_text("/interop/banner.txt"));
    ssh_send_issue_banner(session, banner);
    ssh_string_free(banner);
}

static int on_none(ssh_session session, const char *user, void *unused) {
    (void)user, (void)unused;
    send_banner(session);
    return SSH_AUTH_DENIED;
}

static int on_pubkey(ssh_session session, const char *user, struct ssh_key_struct *key, char state, void *unused) {
    (void)unused;
    send_banner(session);
    if (strcmp(user, "tester") != 0) return SSH_AUTH_DENIED;
    if (state != SSH_PUBLICKEY_STATE_NONE && state != SSH_PUBLICKEY_STATE_VALID) return SSH_AUTH_DENIED;
    for (size_t i = 0; i < authorized_count; i++)
        if (ssh_key_cmp(key, authorized[i], SSH_KEY_CMP_PUBLIC) == 0) return SSH_AUTH_SUCCESS;
    return SSH_AUTH_DENIED;
}

/* The requests of a channel: 0 is success */

static int on_env(ssh_session session, ssh_channel channel, const char *name, const char *value, void *data) {
    (void)session, (void)channel;
    struct Program *program = data;
    if (strcmp(name, "INTEROP") != 0) return 1;
    snprintf(program->interop, sizeof program->interop, "%s", value);
    return 0;
}

static int start(struct Program *program, const char *command) {
    int in[2], out[2], err[2];
    if (program->pid != 0) return 1;
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) return 1;
    program->pid = fork();
    if (program->pid == -1) return 1;
    if (program->pid == 0) {
        signal(SIGPIPE, SIG_DFL);
        dup2(in[0], 0);
        dup2(out[1], 1);
        dup2(err[1], 2);
        if (program->interop[0] != '\0') setenv("INTEROP", program->interop, 1);
        if (command == NULL) execlp("sh", "sh", (char *)NULL);
        else execlp("sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    close(in[0]), close(out[1]), close(err[1]);
    program->in.fd = in[1], program->out.fd = out[0], program->err.fd = err[0];
    fcntl(in[1], F_SETFL, O_NONBLOCK);
    fcntl(out[0], F_SETFL, O_NONBLOCK);
    fcntl(err[0], F_SETFL, O_NONBLOCK);
    return 0;
}

static int on_exec(ssh_session session, ssh_channel channel, const char *command, void *data) {
    (void)session, (void)channel;
    return start(data, command);
}

static int on_shell(ssh_session session, ssh_channel channel, void *data) {
    (void)session, (void)channel;
    return start(data, NULL);
}

static int on_subsystem(ssh_session session, ssh_channel channel, const char *name, void *data) {
    (void)channel;
    if (strcmp(name, "disconnect") == 0) ssh_disconnect(session);
    if (strcmp(name, "echo") == 0) return start(data, "cat");
    if (strcmp(name, "mcp") == 0) return start(data, "node /interop/mcp-server.mjs");
    return 1;
}

static void on_signal(ssh_session session, ssh_channel channel, const char *name, void *data) {
    (void)session, (void)channel;
    struct Program *program = data;
    for (int number = 1; number < NSIG; number++) {
        const char *abbreviation = sigabbrev_np(number);
        if (program->pid > 0 && abbreviation != NULL && strcmp(name, abbreviation) == 0) kill(program->pid, number);
    }
}

static ssh_channel on_session(ssh_session session, void *unused) {
    (void)unused;
    for (size_t i = 0; i < MAX_CHANNELS; i++) {
        struct Program *program = &programs[i];
        if (program->channel != NULL) continue;
        *program = (struct Program){
            .channel = ssh_channel_new(session),
            .in.fd = -1, .out.fd = -1, .err.fd = -1,
            .callbacks = {
                .userdata = program,
                .channel_env_request_function = on_env,
                .channel_exec_request_function = on_exec,
                .channel_shell_request_function = on_shell,
                .channel_subsystem_request_function = on_subsystem,
                .channel_signal_function = on_signal,
            },
        };
        ssh_callbacks_init(&program->callbacks);
        ssh_set_channel_callbacks(program->channel, &program->callbacks);
        return program->channel;
    }
    return NULL;
}

/* Between channels and pipes: each returns whether anything moved */

static void close_pipe(struct Pipe *pipe) {
    if (pipe->fd != -1) close(pipe->fd);
    pipe->fd = -1;
}

static bool pump_in(struct Program *program) {
    struct Pipe *in = &program->in;
    bool moved = false;
    if (in->fd == -1) return false;
    if (in->from == in->to) {
        int count = ssh_channel_read_nonblocking(program->channel, in->pending, CHUNK, 0);
        if (count < 0 && count != SSH_AGAIN) close_pipe(in); /* the end is SSH_EOF */
        if (count <= 0) return false;
        in->from = 0, in->to = (size_t)count;
        moved = true;
    }
    ssize_t written = write(in->fd, in->pending + in->from, in->to - in->from);
    if (written > 0) in->from += (size_t)written;
    else if (errno != EAGAIN) close_pipe(in); /* the program reads no more */
    return moved || written > 0;
}

static bool pump_out(struct Program *program, struct Pipe *out, int (*send)(ssh_channel, const void *, uint32_t)) {
    bool moved = false;
    if (out->fd != -1 && out->from == out->to) {
        ssize_t count = read(out->fd, out->pending, CHUNK);
        if (count == 0 || (count < 0 && errno != EAGAIN)) close_pipe(out);
        if (count <= 0) return false;
        out->from = 0, out->to = (size_t)count;
        moved = true;
    }
    if (out->from == out->to) return false;
    /* 0 while keys are exchanged or the window is full */
    int sent = send(program->channel, out->pending + out->from, (uint32_t)(out->to - out->from));
    if (sent > 0) out->from += (size_t)sent;
    return moved || sent > 0;
}

static void finish(struct Program *program) {
    int status;
    if (!program->is_ended) ssh_channel_send_eof(program->channel);
    program->is_ended = true;
    if (waitpid(program->pid, &status, WNOHANG) != program->pid) return;
    program->pid = -1;
    close_pipe(&program->in);
    if (WIFSIGNALED(status)) {
        const char *name = sigabbrev_np(WTERMSIG(status));
        ssh_channel_request_send_exit_signal(program->channel, name, WCOREDUMP(status), "", "");
    } else {
        ssh_channel_request_send_exit_status(program->channel, WEXITSTATUS(status));
    }
    ssh_channel_close(program->channel);
}

static bool pump(struct Program *program) {
    if (program->channel == NULL) return false;
    if (ssh_channel_is_closed(program->channel)) {
        close_pipe(&program->in);
        close_pipe(&program->out);
        close_pipe(&program->err);
        if (program->pid > 0) kill(program->pid, SIGHUP);
        ssh_remove_channel_callbacks(program->channel, &program->callbacks);
        ssh_channel_free(program->channel);
        program->channel = NULL;
        return false;
    }
    bool moved = pump_in(program);
    moved |= pump_out(program, &program->out, ssh_channel_write);
    moved |= pump_out(program, &program->err, ssh_channel_write_stderr);
    if (program->pid > 0 && program->out.fd == -1 && program->err.fd == -1) finish(program);
    return moved;
}

static void serve(ssh_session session) {
    struct ssh_server_callbacks_struct callbacks = {
        .auth_none_function = on_none,
        .auth_pubkey_function = on_pubkey,
        .channel_open_request_session_function = on_session,
    };
    uint64_t rekey_bytes = 16 << 20;
    ssh_options_set(session, SSH_OPTIONS_REKEY_DATA, &rekey_bytes);
    ssh_callbacks_init(&callbacks);
    ssh_set_server_callbacks(session, &callbacks);
    ssh_set_auth_methods(session, SSH_AUTH_METHOD_PUBLICKEY);
    if (ssh_handle_key_exchange(session) != SSH_OK) {
        fprintf(stderr, "%s\n", ssh_get_error(session));
        return;
    }
    ssh_set_blocking(session, 0);
    ssh_event event = ssh_event_new();
    ssh_event_add_session(event, session);
    bool moved = false;
    while (ssh_is_connected(session)) {
        /* libssh wakes for the socket; for the pipes it is asked again after a tick */
        if (ssh_event_dopoll(event, moved ? 0 : TICK_MS) == SSH_ERROR) break;
        moved = false;
        for (size_t i = 0; i < MAX_CHANNELS; i++) moved |= pump(&programs[i]);
    }
    for (size_t i = 0; i < MAX_CHANNELS; i++)
        if (programs[i].channel != NULL && programs[i].pid > 0) kill(programs[i].pid, SIGHUP);
}

int main(void) {
    int port = 2222;
    ssh_bind listener = ssh_bind_new();
    ssh_bind_options_set(listener, SSH_BIND_OPTIONS_BINDADDR, "0.0.0.0");
    ssh_bind_options_set(listener, SSH_BIND_OPTIONS_BINDPORT, &port);
    ssh_bind_options_set(listener, SSH_BIND_OPTIONS_HOSTKEY, "/interop/host_ed25519_key");
    ssh_bind_options_set(listener, SSH_BIND_OPTIONS_HOSTKEY, "/interop/host_ecdsa_key"); /* it holds one of ECDSA */
    ssh_bind_options_set(listener, SSH_BIND_OPTIONS_HOSTKEY, "/interop/host_rsa_key");
    read_authorized_keys();
    signal(SIGCHLD, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    if (ssh_bind_listen(listener) != SSH_OK) {
        fprintf(stderr, "%s\n", ssh_get_error(listener));
        return 1;
    }
    for (;;) {
        ssh_session session = ssh_new();
        if (ssh_bind_accept(listener, session) != SSH_OK) {
            fprintf(stderr, "%s\n", ssh_get_error(listener));
        } else if (fork() == 0) {
            ssh_bind_free(listener);
            serve(session);
            ssh_disconnect(session);
            return 0;
        }
        ssh_free(session); /* in this process: closes its copy of the socket */
        while (waitpid(-1, NULL, WNOHANG) > 0) continue;
    }
}
