/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relayd backup and export: copies of all that a relay keeps, while it runs or not. */
#pragma once

/** `relayd backup [-c FILE] DIR`: a folder with copies of all files. Returns an exit code. */
int backup_run(int argc, char **argv);

/** `relayd export [-c FILE] OUT|-`: all in one text for `relayd import`. Returns an exit code. */
int export_run(int argc, char **argv);
