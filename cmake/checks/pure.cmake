# SPDX-License-Identifier: GPL-3.0-or-later
# Run after the library of a PURE room was made (cmake/room.cmake):
#     cmake -D NM=nm -D ARCHIVE=FILE -D ROOM=NAME -D MAY_CALL=file.c:symbol,... -P pure.cmake
# Fails if one of its objects uses what only a shell may use: files, sockets, clocks, random
# numbers, processes, threads, standard streams. A pure room gets what it needs as a parameter.
cmake_minimum_required(VERSION 3.25)

set(impure
    # files
    open openat creat close read readv pread preadv write writev pwrite pwritev lseek fsync
    fdatasync fopen fdopen freopen tmpfile stat fstat lstat fstatat statx access faccessat mkdir
    mkdirat rmdir unlink unlinkat remove rename renameat link linkat symlink readlink realpath
    opendir fdopendir readdir scandir glob chmod fchmod chown fchown umask truncate ftruncate
    fallocate flock lockf fcntl ioctl dup dup2 dup3 pipe pipe2 mmap munmap mkstemp mkostemp mkdtemp
    chdir getcwd
    # sockets and names
    socket socketpair bind connect listen accept accept4 send sendto sendmsg sendmmsg recv recvfrom
    recvmsg recvmmsg getsockopt setsockopt getsockname getpeername shutdown getaddrinfo freeaddrinfo
    getnameinfo gethostbyname gethostname if_nametoindex if_indextoname getifaddrs freeifaddrs
    # waiting
    poll ppoll select pselect epoll_[a-z0-9_]+ eventfd timerfd_[a-z]+ signalfd inotify_[a-z0-9_]+
    sleep usleep nanosleep clock_nanosleep pause alarm setitimer
    # clocks and time zones
    time clock clock_gettime clock_getres timespec_get gettimeofday times localtime localtime_r
    mktime tzset
    # random numbers
    getrandom getentropy arc4random[a-z_]* rand rand_r random srand srandom drand48
    randombytes_[a-z_]+ wc_GenerateSeed
    # processes, threads, environment
    fork vfork execl execle execlp execv execve execvp posix_spawn[a-z0-9_]* system popen wait
    waitpid kill raise signal sigaction sigprocmask pthread_[a-z0-9_]+ thrd_[a-z]+ exit _exit _Exit
    quick_exit atexit abort getpid getppid getuid geteuid getgid getegid getenv secure_getenv setenv
    unsetenv uname sysconf syscall prctl getrlimit setrlimit isatty syslog openlog
    # standard streams
    stdin stdout stderr printf vprintf puts putchar perror
    # foreign libraries
    ev_[a-z_]+ mdb_[a-z_]+ MHD_[A-Za-z_]+ mnl_[a-z0-9_]+ ldns_resolver_[a-z_]+ ldns_tcp_[a-z_]+
    ldns_udp_[a-z_]+ json_load_file json_loadf json_loadfd json_dump_file json_dumpf json_dumpfd
    cyaml_load_file cyaml_save_file wolfSSL_set_fd wolfSSL_CTX_load_verify_[a-z_]+)
list(JOIN impure "|" impure)

execute_process(COMMAND ${NM} -A -u ${ARCHIVE}
    RESULT_VARIABLE result OUTPUT_VARIABLE symbols ERROR_VARIABLE error)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "${NM} cannot read ${ARCHIVE}: ${error}")
endif()

# nm prints LIBRARY:OBJECT:   U SYMBOL. A symbol of glibc may be decorated: __open64_2, __read_chk,
# __isoc99_sscanf.
string(REPLACE "," ";" may_call "${MAY_CALL}")
set(call "[^:\n]+:[ ]+[Uw] (__)?(isoc[0-9]+_)?(${impure})(64)?(_2)?(_chk)?(@[^\n]*)?\n")
string(REGEX MATCHALL "${call}" calls "${symbols}")
set(found "")
foreach(call IN LISTS calls)
    string(REGEX REPLACE "^(.*)[.](o|obj):[ ]+[Uw] ([^@\n]+).*" "\\1:\\3" call "${call}")
    if(NOT call IN_LIST may_call)
        string(REGEX REPLACE "^(.*):(.*)$" "\\1 uses \\2" call "${call}")
        list(APPEND found "${call}")
    endif()
endforeach()
if(found)
    list(REMOVE_DUPLICATES found)
    list(JOIN found ", " found)
    message(FATAL_ERROR "the room ${ROOM} is PURE, but ${found}: a pure room makes no system call. "
        "Give it what it needs as a parameter, or move this into a shell.")
endif()
