/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers below which something is said stand at the top. */
#include "proto/doctor/machine.h"

#include "proto/host/netway.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

enum {
    KERNEL_MAJOR = 5, /* what is tested, and what the README promises */
    KERNEL_MINOR = 10,
    MTU_MIN = 1280, /* of QUIC, with its headers */
    ROOM_MIN_MB = 50,
    NUMBER_TEXT_SIZE = 32,
};

#define WALL_S_MIN INT64_C(1735689600) /* 2025-01-01 */

/* ---- kernel, buffers, clock ---- */

static bool option_is_there(int option)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int value = option == UDP_GRO ? 1 : 0;
    bool there = fd >= 0 && setsockopt(fd, IPPROTO_UDP, option, &value, sizeof(value)) == 0;

    if (fd >= 0) {
        (void)close(fd);
    }
    return there;
}

void machine_kernel(struct findings *findings)
{
    struct utsname name;
    char *rest;
    long major, minor;
    bool gso = option_is_there(UDP_SEGMENT), gro = option_is_there(UDP_GRO);

    if (uname(&name) != 0) {
        return;
    }
    major = strtol(name.release, &rest, 10);
    minor = *rest == '.' ? strtol(rest + 1, NULL, 10) : 0;
    if (major < KERNEL_MAJOR || (major == KERNEL_MAJOR && minor < KERNEL_MINOR)) {
        findings_add(findings, "kernel", FINDING_NOTE,
                     "Linux %s is older than 5.10, with which this "
                     "is tested",
                     name.release);
        findings_command(findings, "sudo apt full-upgrade");
    } else {
        findings_add(findings, "kernel", FINDING_OK, "Linux %s on %s", name.release, name.machine);
    }
    findings_add(findings, "offloads", gso && gro ? FINDING_OK : FINDING_NOTE,
                 "UDP in trains: %s out, %s in%s", gso ? "yes" : "no", gro ? "yes" : "no",
                 gso && gro ? "" : "; each packet costs a call, which is slower");
}

static uint64_t number_of_file(const char *path)
{
    char text[NUMBER_TEXT_SIZE] = "";
    FILE *file = fopen(path, "re");

    if (file != NULL) {
        (void)!fgets(text, sizeof(text), file);
        (void)fclose(file);
    }
    return strtoull(text, NULL, 10);
}

void machine_buffers(struct findings *findings, uint64_t wanted)
{
    uint64_t in = number_of_file("/proc/sys/net/core/rmem_max");
    uint64_t out = number_of_file("/proc/sys/net/core/wmem_max");

    if (in == 0 && out == 0) {
        findings_add(findings, "buffers", FINDING_NOTE,
                     "the kernel does not tell here how large socket buffers may be");
    } else if (in < wanted || out < wanted) {
        findings_add(
            findings, "buffers", FINDING_NOTE,
            "sockets get %llu bytes in and %llu out; above some 100 Mbit/s more are wanted",
            (unsigned long long)in, (unsigned long long)out);
        findings_command(findings, "sudo sysctl -w net.core.rmem_max=%llu net.core.wmem_max=%llu",
                         (unsigned long long)wanted, (unsigned long long)wanted);
    } else {
        findings_add(findings, "buffers", FINDING_OK, "sockets may ask for %llu bytes",
                     (unsigned long long)(in < out ? in : out));
    }
}

void machine_clock(struct findings *findings)
{
    struct timex state = {.modes = 0};
    int kept = adjtimex(&state);

    if (state.time.tv_sec < WALL_S_MIN) {
        findings_add(findings, "clock", FINDING_BAD,
                     "it is years behind, so that nobody believes what is signed here");
        findings_command(findings, "sudo timedatectl set-ntp true");
    } else if (kept == TIME_ERROR) {
        findings_add(findings, "clock", FINDING_NOTE,
                     "the kernel is not told that something keeps the clock right");
        findings_command(findings, "sudo timedatectl set-ntp true");
    } else {
        findings_add(findings, "clock", FINDING_OK, "kept right");
    }
}

/* ---- network ---- */

static int mtu_of(const char *interface)
{
    struct ifreq request = {.ifr_mtu = 0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int mtu = -1;

    (void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
    if (fd >= 0 && ioctl(fd, SIOCGIFMTU, &request) == 0) {
        mtu = request.ifr_mtu;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return mtu;
}

/* An address of the internet, to which nothing is sent. */
static bool way_find(struct netway *ways, bool ipv6, char interface[IF_NAMESIZE])
{
    static const uint8_t nowhere[16] = {0};
    struct endpoint to;
    struct netway_found way;

    return endpoint_parse_ip(&to, ipv6 ? "2600::" : "198.18.0.1", 0) &&
           netway_find(ways, nowhere, to.ip, &way) && way.interface != 0 &&
           if_indextoname(way.interface, interface) != NULL;
}

static void mtu_tell(struct findings *findings, const char *interface)
{
    int mtu = mtu_of(interface);

    if (mtu > 0 && mtu < MTU_MIN) {
        findings_add(findings, "mtu", FINDING_BAD,
                     "%s takes packets of %d bytes, but 1280 are needed", interface, mtu);
        findings_command(findings, "sudo ip link set %s mtu 1500", interface);
    } else if (mtu > 0) {
        findings_add(findings, "mtu", FINDING_OK, "%d on %s", mtu, interface);
    }
}

void machine_network(struct findings *findings, char interface[16])
{
    char v4[IF_NAMESIZE] = "", v6[IF_NAMESIZE] = "";
    struct netway *ways = NULL;
    struct fault fault;
    bool has_v4, has_v6;

    interface[0] = '\0';
    if (netway_open(&ways, &fault) != ERR_OK) {
        findings_add(findings, "network", FINDING_NOTE, "%s", fault.text);
        return;
    }
    has_v4 = way_find(ways, false, v4);
    has_v6 = way_find(ways, true, v6);
    netway_close(ways);
    if (!has_v4 && !has_v6) {
        findings_add(findings, "network", FINDING_BAD, "this machine has no way to the internet");
        findings_command(findings, "ip route");
        return;
    }
    (void)snprintf(interface, IF_NAMESIZE, "%s", has_v4 ? v4 : v6);
    findings_add(findings, "network", FINDING_OK, "to the internet by %s%s%s", interface,
                 has_v4 ? ", IPv4" : "", has_v6 ? ", IPv6" : "");
    mtu_tell(findings, interface);
}

void machine_name(struct findings *findings, const char *host)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
    struct addrinfo *list = NULL;
    int code = getaddrinfo(host, NULL, &hints, &list);

    if (code != 0) {
        findings_add(findings, "dns", FINDING_BAD, "%s does not resolve: %s", host,
                     gai_strerror(code));
        findings_command(findings, "getent ahosts %s", host);
    } else {
        findings_add(findings, "dns", FINDING_OK, "%s resolves", host);
    }
    if (list != NULL) {
        freeaddrinfo(list);
    }
}

/* ---- files ---- */

/* The first file of the folder that belongs to somebody else; "" if there is none. */
static void stranger_find(char out[256], const char *path, uid_t owner)
{
    DIR *list = opendir(path);
    const struct dirent *entry;
    struct stat st;

    out[0] = '\0';
    while (list != NULL && out[0] == '\0' && (entry = readdir(list)) != NULL) {
        if (strcmp(entry->d_name, "..") != 0 &&
            fstatat(dirfd(list), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            st.st_uid != owner) {
            (void)snprintf(out, 256, "%s", entry->d_name);
        }
    }
    if (list != NULL) {
        (void)closedir(list);
    }
}

void machine_folder(struct findings *findings, const char *path)
{
    char stranger[256];
    struct statvfs disk;
    struct stat st;
    uint64_t room;

    if (stat(path, &st) != 0 || statvfs(path, &disk) != 0) {
        findings_add(findings, "state", FINDING_BAD, "%s: %s", path, strerror(errno));
        findings_command(findings, "sudo ls -ld %s", path);
        return;
    }
    room = (uint64_t)disk.f_bavail * disk.f_frsize / 1000000;
    stranger_find(stranger, path, st.st_uid);
    if ((disk.f_flag & ST_RDONLY) != 0) {
        findings_add(findings, "state", FINDING_BAD, "%s is on a disk that cannot be written",
                     path);
        findings_command(findings, "sudo mount -o remount,rw \"$(stat -c %%m %s)\"", path);
    } else if (room < ROOM_MIN_MB) {
        findings_add(findings, "state", FINDING_BAD, "the disk of %s has only %llu MB left", path,
                     (unsigned long long)room);
        findings_command(findings, "df -h %s", path);
    } else if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        findings_add(findings, "state", FINDING_BAD, "others may look into %s", path);
        findings_command(findings, "sudo chmod 700 %s", path);
    } else if (stranger[0] != '\0') {
        findings_add(findings, "state", FINDING_BAD,
                     "%s/%s belongs to another user than its folder", path, stranger);
        findings_command(findings, "sudo chown -R --reference=%s %s", path, path);
    } else {
        findings_add(findings, "state", FINDING_OK, "%s, %llu MB left", path,
                     (unsigned long long)room);
    }
}
