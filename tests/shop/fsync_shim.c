/* Preloaded into a program, writes down in which order it makes files durable, and can kill it at one such call.
 *
 * FSYNC_LOG     file that gets one line per call: name, tab, path (for renames: the new path). A call is written
 *               after it succeeded.
 * FSYNC_KILL_AT the process is killed with SIGKILL instead of making its n-th call, counted from 1.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int calls;

static void before(void) {
    const char *at = getenv("FSYNC_KILL_AT");
    int number = __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST);
    if (at && atoi(at) == number) kill(getpid(), SIGKILL);
}

static int after(int result, const char *name, const char *path) {
    const char *file = getenv("FSYNC_LOG");
    if (result != 0 || !file) return result;
    char line[PATH_MAX + 64];
    int length = snprintf(line, sizeof line, "%s\t%s\n", name, path);
    int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, line, length) != length) abort(); /* a trace with holes would prove nothing */
    close(fd);
    return result;
}

static const char *path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX);
    path[length < 0 ? 0 : length] = 0;
    return path;
}

int fsync(int fd) {
    static int (*real)(int);
    char path[PATH_MAX + 1];
    if (!real) real = dlsym(RTLD_NEXT, "fsync");
    before();
    return after(real(fd), "fsync", path_of(fd, path));
}

int fdatasync(int fd) {
    static int (*real)(int);
    char path[PATH_MAX + 1];
    if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
    before();
    return after(real(fd), "fdatasync", path_of(fd, path));
}

int rename(const char *old, const char *new) {
    static int (*real)(const char *, const char *);
    if (!real) real = dlsym(RTLD_NEXT, "rename");
    before();
    return after(real(old, new), "rename", new);
}

int renameat(int old_folder, const char *old, int new_folder, const char *new) {
    static int (*real)(int, const char *, int, const char *);
    if (!real) real = dlsym(RTLD_NEXT, "renameat");
    before();
    return after(real(old_folder, old, new_folder, new), "rename", new);
}

int renameat2(int old_folder, const char *old, int new_folder, const char *new, unsigned int flags) {
    static int (*real)(int, const char *, int, const char *, unsigned int);
    if (!real) real = dlsym(RTLD_NEXT, "renameat2");
    before();
    return after(real(old_folder, old, new_folder, new, flags), "rename", new);
}
