/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a program still needs of the system when everything is open: the paths below which it works,
 * whether it runs other programs, and which of root's rights it uses later. The parts of the
 * sandbox (sandbox.h) enforce it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
    SANDBOX_PATHS_MAX = 40,
    SANDBOX_RIGHTS_MAX = 4,
};

/** How a file, or all that is below a folder, is used. Flags. */
enum sandbox_use {
    SANDBOX_USE_READ_FLAG = 1,
    SANDBOX_USE_WRITE_FLAG = 2,   /* to make, change and remove files; reads, too */
    SANDBOX_USE_EXECUTE_FLAG = 4, /* to run programs; reads, too */
};

struct sandbox_path {
    char *path; /* as it is without links */
    unsigned use;
};

/** From sandbox_policy_init to sandbox_policy_fini. */
struct sandbox_policy {
    struct sandbox_path paths[SANDBOX_PATHS_MAX];
    size_t paths_count;
    bool programs;                  /* it runs other programs, which are in the same sandbox */
    int rights[SANDBOX_RIGHTS_MAX]; /* CAP_... that it keeps, if it has them */
    size_t rights_count;
    bool out_of_memory; /* a path is missing */
    bool silent;        /* another process of the program tells what the kernel refuses */
};

/** Start with what any program of ours reads while it runs: /proc of itself, the system's settings
 * for name resolution, time zones, and libraries that libc loads late. */
void sandbox_policy_init(struct sandbox_policy *policy);

/** Free what it holds. A zeroed one is fine. */
void sandbox_policy_fini(struct sandbox_policy *policy);

/** Let it use a file, or what is below a folder. What is not there is left out. The path is copied.
 * There is room for SANDBOX_PATHS_MAX, and our programs name a fixed number. */
void sandbox_policy_add(struct sandbox_policy *policy, const char *path, unsigned use);

/** The same for the folder that a file is in, or will be in: if it is not there, the nearest one
 * above it that is. Files that others replace by a new one under the same name need this, since a
 * file is known by its inode. If the file is a link, what it leads to is let in, too. */
void sandbox_policy_add_folder_of(struct sandbox_policy *policy, const char *file, unsigned use);

/** Let it run this program, and others of its folder, below /usr and what belongs to it (/bin,
 * /lib). A single file would not do: it is replaced by an upgrade, and needs its loader. */
void sandbox_policy_add_program(struct sandbox_policy *policy, const char *program);

/** Let it keep a right, one of linux/capability.h. */
void sandbox_policy_keep(struct sandbox_policy *policy, int right);

/** Whether the policy lets `path` be used so, whether it is there or not. Names without links
 * count, as those are when this is called. */
bool sandbox_policy_covers(const struct sandbox_policy *policy, const char *path, unsigned use);
