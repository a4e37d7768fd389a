/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Remedies are added here where the errno alone tells what to do. */
#include "proto/base/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void fault_set(struct fault *fault, enum exit_code code, const char *format, ...)
{
    va_list args;

    if (fault == NULL) {
        return;
    }
    fault->exit_code = code;
    va_start(args, format);
    (void)vsnprintf(fault->text, sizeof(fault->text), format, args);
    va_end(args);
}

/* What to do about a cause, whoever the caller is; "" if that depends. */
static const char *remedy_of(int cause)
{
    switch (cause) {
    case ENOSPC:
    case EDQUOT:
        return "; make room on the disk and try again";
    case EROFS:
        return "; this file system cannot be written to: mount it writable or take another folder";
    case EMFILE:
    case ENFILE:
        return "; raise the limit of open files (ulimit -n, LimitNOFILE=)";
    default:
        return "";
    }
}

static void cause_append(struct fault *fault, int cause, const char *remedy)
{
    size_t used = strlen(fault->text);

    (void)snprintf(fault->text + used, sizeof(fault->text) - used, ": %s%s", strerror(cause),
                   remedy);
    errno = cause;
}

static enum exit_code code_of(int cause)
{
    return cause == EACCES || cause == EPERM ? EXIT_CODE_PERMISSION : EXIT_CODE_FAILURE;
}

enum exit_code fault_path_code(int cause)
{
    switch (cause) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case EUCLEAN:
        return EXIT_CODE_USAGE;
    default:
        return code_of(cause);
    }
}

void fault_set_errno(struct fault *fault, const char *format, ...)
{
    int cause = errno;
    va_list args;

    if (fault == NULL) {
        return;
    }
    fault->exit_code = code_of(cause);
    va_start(args, format);
    (void)vsnprintf(fault->text, sizeof(fault->text), format, args);
    va_end(args);
    cause_append(fault, cause, remedy_of(cause));
}

void fault_set_path(struct fault *fault, const char *format, ...)
{
    int cause = errno;
    va_list args;

    if (fault == NULL) {
        return;
    }
    fault->exit_code = fault_path_code(cause);
    va_start(args, format);
    (void)vsnprintf(fault->text, sizeof(fault->text), format, args);
    va_end(args);
    if (fault->exit_code == EXIT_CODE_PERMISSION) {
        cause_append(fault, cause, "; run this as root or as the owner of that place");
    } else {
        cause_append(fault, cause,
                     cause == ENOTDIR ? "; a file stands where a folder must be"
                                      : remedy_of(cause));
    }
}

void fault_add(struct fault *fault, const char *remedy)
{
    size_t used = strlen(fault->text);

    (void)snprintf(fault->text + used, sizeof(fault->text) - used, "; %s", remedy);
}
