/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The lists have what libc may use for what our programs do, on any architecture, in older and
 * newer versions: a name that a machine has no call for adds nothing. Left out is what changes the
 * system, looks into other processes, makes namespaces, or was a way into the kernel before: mount,
 * ptrace, bpf, io_uring, keyctl, userfaultfd, perf_event_open and the like.
 */
#include "proto/sandbox/calls.h"

#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

/* clang-format off */
static const char *const daemon_calls[] = {
    /* files */
    "access", "close", "close_range", "copy_file_range", "dup", "dup2", "dup3", "faccessat",
    "faccessat2", "fadvise64", "fadvise64_64", "fallocate", "fchmod", "fchmodat", "fcntl",
    "fcntl64", "fdatasync", "flock", "fstat", "fstat64", "fstatat64", "fstatfs", "fstatfs64",
    "fsync", "ftruncate", "ftruncate64", "getcwd", "getdents", "getdents64", "ioctl", "_llseek",
    "lseek", "lstat", "lstat64", "mkdir", "mkdirat", "msync", "newfstatat", "open", "openat",
    "pipe", "pipe2", "pread64", "preadv", "preadv2", "pwrite64", "pwritev", "pwritev2", "read",
    "readlink", "readlinkat", "readv", "rename", "renameat", "renameat2", "rmdir", "sendfile",
    "sendfile64",
    "stat", "stat64", "statfs", "statfs64", "statx", "sync_file_range", "umask", "unlink",
    "unlinkat", "write", "writev",
    /* memory */
    "brk", "cacheflush", "madvise", "membarrier", "mlock", "mlock2", "mmap", "mmap2", "mprotect",
    "mremap", "munlock", "munmap",
    /* threads and signals */
    "arch_prctl", "exit", "exit_group", "futex", "futex_time64", "futex_waitv", "get_robust_list",
    "getpgrp", "getpid", "getppid", "gettid", "pause", "prctl", "restart_syscall",
    "riscv_flush_icache", "riscv_hwprobe", "rseq", "rt_sigaction", "rt_sigpending",
    "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait",
    "rt_sigtimedwait_time64", "sched_getaffinity", "sched_yield", "set_robust_list",
    "set_thread_area", "set_tid_address", "set_tls", "sigaltstack", "signalfd4", "sigreturn",
    "tgkill", "tkill", "wait4", "waitpid",
    /* time, waiting, events */
    "clock_getres", "clock_getres_time64", "clock_gettime", "clock_gettime64", "clock_nanosleep",
    "clock_nanosleep_time64", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait",
    "epoll_pwait2", "epoll_wait", "eventfd2", "gettimeofday", "inotify_add_watch", "inotify_init1",
    "inotify_rm_watch", "_newselect", "nanosleep", "poll", "ppoll", "ppoll_time64", "pselect6",
    "pselect6_time64", "select", "time", "timerfd_create", "timerfd_gettime", "timerfd_settime",
    "timerfd_settime64",
    /* network; socket is among the rules below */
    "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen",
    "recv", "recvfrom", "recvmmsg", "recvmmsg_time64", "recvmsg", "send", "sendmmsg", "sendmsg",
    "sendto", "setsockopt", "shutdown", "socketpair",
    /* about itself and the machine */
    "capget", "getegid", "getegid32", "geteuid", "geteuid32", "getgid", "getgid32", "getgroups",
    "getgroups32", "getrandom", "getresgid", "getresgid32", "getresuid", "getresuid32", "getrlimit",
    "getrusage", "getuid", "getuid32", "prlimit64", "sysinfo", "times", "ugetrlimit", "uname",
    NULL};

/* What ordinary programs use besides: a shell, a client of D-Bus, an interpreter. */
static const char *const program_calls[] = {
    "alarm", "capset", "chdir", "chmod", "chown", "chown32", "creat", "execve", "execveat",
    "fchdir",
    "fchown", "fchown32", "fchownat", "fgetxattr", "flistxattr", "fork", "fremovexattr",
    "fsetxattr", "get_mempolicy", "get_thread_area", "getcpu", "getitimer", "getpgid",
    "getpriority", "getsid",
    "getxattr", "ioprio_get", "kill", "landlock_add_rule", "landlock_create_ruleset",
    "landlock_restrict_self", "lchown", "lchown32", "lgetxattr", "link", "linkat", "listxattr",
    "llistxattr", "lremovexattr", "lsetxattr", "memfd_create", "mincore", "mknod", "mknodat",
    "mlockall", "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedsend",
    "mq_unlink", "msgctl", "msgget", "msgrcv", "msgsnd", "munlockall", "name_to_handle_at",
    "pidfd_open", "pidfd_send_signal", "pkey_alloc", "pkey_free", "pkey_mprotect", "readahead",
    "remap_file_pages", "removexattr", "rt_sigqueueinfo", "rt_tgsigqueueinfo",
    "sched_get_priority_max", "sched_get_priority_min", "sched_getattr", "sched_getparam",
    "sched_getscheduler", "sched_rr_get_interval", "sched_setaffinity", "sched_setattr",
    "sched_setparam", "sched_setscheduler", "seccomp", "semctl", "semget", "semop", "semtimedop",
    "setgid", "setgroups", "setitimer", "setpgid", "setpriority", "setregid", "setresgid",
    "setresuid", "setreuid", "setrlimit", "setsid", "setuid", "setxattr", "shmat", "shmctl",
    "shmdt", "shmget", "signalfd", "splice", "symlink", "symlinkat", "sync", "syncfs", "tee",
    "timer_create", "timer_delete", "timer_getoverrun", "timer_gettime", "timer_settime",
    "truncate", "truncate64", "utime", "utimensat", "utimensat_time64", "utimes", "vfork",
    "vmsplice", "waitid",
    NULL};

/* At its end the leak check starts a process that looks at this one. */
static const char *const sanitizer_calls[] = {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    "clone", "ptrace",
#endif
    NULL};

static const int families[] = {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK};
/* clang-format on */

#define NAMESPACES                                                                                 \
    ((uint64_t)(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |      \
                CLONE_NEWPID | CLONE_NEWNET))

/* -EDOM: this machine has no such call. */
static int rule_code(int code)
{
    return code == -EDOM ? 0 : code;
}

static int list_add(scmp_filter_ctx filter, const char *const *names)
{
    int code = 0;

    for (; code == 0 && *names != NULL; names++) {
        int number = seccomp_syscall_resolve_name(*names);

        if (number != __NR_SCMP_ERROR) {
            code = rule_code(seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0));
        }
    }
    return code;
}

/* Those of which the arguments count. clone3 has its flags where no filter can look; libc does
 * without it where it is not there. */
static int rules_add(scmp_filter_ctx filter, bool programs)
{
    uint64_t mask = NAMESPACES | (programs ? 0 : CLONE_THREAD);
    int code =
        rule_code(seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                                   SCMP_A0(SCMP_CMP_MASKED_EQ, mask, programs ? 0 : CLONE_THREAD)));

    if (code == 0) {
        code = rule_code(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0));
    }
    for (size_t i = 0; code == 0 && i < sizeof(families) / sizeof(families[0]); i++) {
        code = rule_code(seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                                          SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i])));
    }
    return code;
}

/* Load a filter in which a call that is not named is answered by `otherwise`. 0 or an error. */
static int filter_load(uint32_t otherwise, bool programs, int *listener)
{
    scmp_filter_ctx filter = seccomp_init(otherwise);
    int code = filter != NULL ? 0 : -ENOSYS;

    if (code == 0) {
        (void)seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
        (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree of numbers */
        (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1); /* no slower CPU for a filter */
        (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, otherwise != SCMP_ACT_NOTIFY);
        code = list_add(filter, daemon_calls);
    }
    if (code == 0 && programs) {
        code = list_add(filter, program_calls);
    }
    if (code == 0) {
        code = rules_add(filter, programs);
    }
    if (code == 0) {
        code = list_add(filter, sanitizer_calls);
    }
    if (code == 0) {
        code = seccomp_load(filter);
    }
    if (code == 0 && otherwise == SCMP_ACT_NOTIFY) {
        *listener = seccomp_notify_fd(filter);
    }
    if (filter != NULL) {
        seccomp_release(filter);
    }
    return code;
}

/* A kernel before 5.0 tells nobody; and there is one listener only, which a container may have. */
enum sandbox_calls_state sandbox_calls_close(bool programs, int *listener, struct fault *fault)
{
    int code;

    if (listener != NULL) {
        *listener = -1;
        if (filter_load(SCMP_ACT_NOTIFY, programs, listener) == 0 && *listener >= 0) {
            return SANDBOX_CALLS_NAMED;
        }
    }
    code = filter_load(SCMP_ACT_ERRNO(EPERM), programs, listener);
    if (code == 0) {
        return SANDBOX_CALLS_SILENT;
    }
    errno = -code;
    fault_set_errno(fault, "the kernel takes no filter of system calls");
    return SANDBOX_CALLS_OPEN;
}

const char *sandbox_call_name(int number, char text[SANDBOX_CALL_NAME_SIZE])
{
    char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);

    if (name != NULL) {
        (void)snprintf(text, SANDBOX_CALL_NAME_SIZE, "%s", name);
        free(name);
    } else {
        (void)snprintf(text, SANDBOX_CALL_NAME_SIZE, "#%d", number);
    }
    return text;
}
