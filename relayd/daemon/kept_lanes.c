/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes of the core in a memfd. It holds the secrets of lanes, so it is emptied when they are read.
 */
#include "relayd/daemon/kept_lanes.h"

#include "proto/host/notify.h"
#include "proto/host/passed_socket.h"

#include <sodium.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_SIZE_MAX = 1 << 23 }; /* more than all lanes take */

/* The name under which the manager keeps it. */
static const char file_name[] = "lanes";

int kept_lanes_open(void)
{
    int fd = passed_file(file_name);

    return fd >= 0 || !notify_has_manager() ? fd : memfd_create("relayd-lanes", MFD_CLOEXEC);
}

void kept_lanes_load(int fd, struct relay_core *core, const struct env *env, struct mono now)
{
    struct stat status;
    uint8_t *bytes;
    size_t lanes;

    if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size <= 0 ||
        status.st_size > FILE_SIZE_MAX) {
        return;
    }
    bytes = malloc((size_t)status.st_size);
    if (bytes != NULL && pread(fd, bytes, (size_t)status.st_size, 0) == status.st_size) {
        lanes = relay_core_lanes_load(core, bytes, (size_t)status.st_size, now);
        env_trace(env, TRACE_LEVEL_INFO, "lanes.kept", "count=%zu", lanes);
    }
    if (bytes != NULL) {
        sodium_memzero(bytes, (size_t)status.st_size);
    }
    free(bytes);
    (void)!ftruncate(fd, 0);
}

void kept_lanes_hand_on(int fd, const struct relay_core *core)
{
    uint8_t *bytes;
    size_t size;

    if (fd < 0 || core == NULL) {
        return;
    }
    bytes = relay_core_lanes_save(core, &size);
    if (bytes == NULL) {
        return;
    }
    if (ftruncate(fd, 0) == 0 && pwrite(fd, bytes, size, 0) == (ssize_t)size) {
        notify_keep(fd, file_name);
    }
    sodium_memzero(bytes, size);
    free(bytes);
}
