/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The samples that every program has. */
#include "proto/admin/process_use.h"

void process_use_print(struct exposition *to, const struct process_use *use)
{
    to->prefix = "";
    exposition_counter(to, "process_cpu_seconds_total", "", "Total user and system CPU time spent.",
                       use->cpu_s);
    exposition_gauge(to, "process_resident_memory_bytes", "", "Resident memory size.",
                     (double)use->resident_bytes);
    exposition_gauge(to, "process_virtual_memory_bytes", "", "Virtual memory size.",
                     (double)use->virtual_bytes);
    exposition_gauge(to, "process_open_fds", "", "Open file descriptors.", (double)use->open_fds);
    exposition_gauge(to, "process_max_fds", "", "Largest number of open file descriptors.",
                     (double)use->max_fds);
    exposition_gauge(to, "process_start_time_seconds", "", "Start of the process since 1970 UTC.",
                     use->start_time_s);
}
