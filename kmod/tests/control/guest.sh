#!/bin/sh
# In the machine: load, check, unload.
insmod ./l45.ko || exit 5
./control
result=$?
rmmod l45 || exit 6
exit $result
