/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line of relayd: one function per verb, each given what follows the verb. They
 * print to standard output, complain in one sentence on standard error, and return the process's
 * exit code (proto/base/fault.h).
 */
#pragma once

#include "proto/base/fault.h"
#include "proto/crypto/identity.h"
#include "relayd/admin/config.h"
#include "rendezvous/store/store.h"

#include <jansson.h>

#define CLI_CONFIG_DEFAULT "/etc/ziglan/relayd.yaml"

/** relayd init DIR [--name NAME] [--public HOST[:PORT]] [--uses N] [--expires TIME] */
int cli_init(int argc, char **argv);

/** relayd invite [-c FILE] [--uses N] [--expires TIME] [--name LABEL] [--json] */
int cli_invite(int argc, char **argv);

/** relayd members [-c FILE] [--json] */
int cli_members(int argc, char **argv);

/** relayd revoke KEY|NAME [--undo] [-c FILE] [--json] */
int cli_revoke(int argc, char **argv);

/** relayd status [-c FILE] [--json] */
int cli_status(int argc, char **argv);

/** relayd delegate [-c FILE] --key FILE [--days N] */
int cli_delegate(int argc, char **argv);

/** Serve until SIGTERM or SIGINT. */
int serve(const char *config_path, const struct relay_settings *settings);

/** Read and check a configuration file. ERR_OK, or a sentence in fault. */
int cli_settings_load(struct relay_settings *out, const char *path, struct fault *fault) MUST_CHECK;

/** Load a key file into *out. ERR_SYSTEM with a sentence in fault. */
int cli_key_load(struct identity *out, const char *path, struct fault *fault) MUST_CHECK;

/** Open the store in the directory `path` (rendezvous/store/lmdb/store_lmdb.h). ERR_NOMEM, ERR_SYSTEM.
 */
int cli_store_open(struct store **out, const char *path, const struct env *env,
                   struct fault *fault) MUST_CHECK;

/** Append what to do about it, after the cause. */
void cli_fault_add(struct fault *fault, const char *remedy);

/** A wall-clock instant in ms from "7d", "12h", "30m", "90s" counted from now, or "never" (0).
 * ERR_DROP for anything else. */
int cli_expiry_parse(uint64_t *out, const char *text, uint64_t wall_ms) MUST_CHECK;

/** A whole number from min to max. ERR_DROP for anything else. */
int cli_number_parse(uint32_t *out, const char *text, uint32_t min, uint32_t max) MUST_CHECK;

/** Print the URL, on a terminal with its QR code. */
void cli_url_print(const char *url);

/** Complain and return EXIT_CODE_USAGE. */
int cli_usage(const char *format, ...) PRINTF_LIKE(1, 2);
