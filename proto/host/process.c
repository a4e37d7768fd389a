/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads /proc/self and the limits of the process. */
#include "proto/host/process.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* /proc/self/statm: total and resident pages. */
static void memory_read(struct process_use *out)
{
    char line[128] = "";
    char *at = NULL;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    FILE *file = fopen("/proc/self/statm", "re");

    if (file == NULL) {
        return;
    }
    if (fgets(line, sizeof(line), file) != NULL) {
        out->virtual_bytes = strtoull(line, &at, 10) * page;
        out->resident_bytes = strtoull(at, NULL, 10) * page;
    }
    (void)fclose(file);
}

static uint64_t fds_count(void)
{
    DIR *dir = opendir("/proc/self/fd");
    uint64_t count = 0;

    if (dir == NULL) {
        return 0;
    }
    while (readdir(dir) != NULL) {
        count++;
    }
    (void)closedir(dir);
    return count > 3 ? count - 3 : 0; /* ".", ".." and the directory itself */
}

void process_use_read(struct process_use *out)
{
    struct rusage usage;
    struct rlimit limit;

    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        out->cpu_s = (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
                     ((double)usage.ru_utime.tv_usec + (double)usage.ru_stime.tv_usec) / 1e6;
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        out->max_fds = limit.rlim_cur;
    }
    out->open_fds = fds_count();
    memory_read(out);
}

unsigned process_cores(void)
{
    cpu_set_t cores; /* of 1,024; where a machine has more the call fails, and it has many */
    int count = sched_getaffinity(0, sizeof(cores), &cores) == 0 ? CPU_COUNT(&cores) : CPU_SETSIZE;

    return count > 0 ? (unsigned)count : 1;
}
