# Runs in the virtual machine: one state (from the kernel's command line), every workload, a FIGURE line for each round.
state=$(sed 's/.*l45bench=\([^ ]*\).*/\1/' /proc/cmdline)
rounds=$(sed 's/.*l45rounds=\([^ ]*\).*/\1/' /proc/cmdline)
fail() { echo "BENCH-FAILED $*"; exit 1; }

echo 'root:x:0:0:root:/root:/bin/sh' >/etc/passwd
echo 'root:x:0:' >/etc/group
case $state in
base) ;;
l45_idle) insmod ./l45.ko || fail l45.ko ;;
l45_nomatch) insmod ./l45.ko && ./rules ports || fail l45.ko ;;
l45_names) insmod ./l45.ko && ./rules names || fail l45.ko ;;
l45_tagged) insmod ./l45.ko && ./rules ours || fail l45.ko ;;
naive_idle) insmod ./naive.ko || fail naive.ko ;;
naive_nomatch) insmod ./naive.ko rules=2 || fail naive.ko ;;
naive_tagged) insmod ./naive.ko rules=1 || fail naive.ko ;;
*) fail "state $state" ;;
esac

# Names that dnsmasq answers by itself, without a file or an upstream.
awk 'BEGIN { for (i = 0; i < 1000; i++) print "h" i ".bench.test A" }' >/tmp/queries
dnsmasq --keep-in-foreground --port=53 --listen-address=127.0.0.1 --bind-interfaces --no-hosts --no-resolv --pid-file= \
    --conf-file=/dev/null --user=root --cache-size=0 --address=/bench.test/10.1.2.3 2>/tmp/dnsmasq.log &
mkdir -p /tmp/www /tmp/nginx /var/lib/nginx /var/log/nginx
dd if=/dev/urandom of=/tmp/www/big bs=1M count=20 2>/dev/null
nginx -p /tmp/nginx -c /t/nginx.conf -e stderr 2>/tmp/nginx.log &

# Both answer before anything is timed.
tries=0
until dig @127.0.0.1 h0.bench.test +tries=1 +time=1 +short >/tmp/answer 2>&1 && grep -q 10.1.2.3 /tmp/answer; do
    tries=$((tries + 1)); [ $tries -lt 50 ] || { cat /tmp/dnsmasq.log /tmp/answer; fail dnsmasq; }
    usleep 20000
done
tries=0
until curl -s -o /tmp/fetched http://127.0.0.1:8001/big; do
    tries=$((tries + 1)); [ $tries -lt 50 ] || { cat /tmp/nginx.log; fail nginx; }
    usleep 20000
done
cmp /tmp/fetched /tmp/www/big || fail "a download differs"
curl -s -o /tmp/fetched http://127.0.0.1:8002/big && cmp /tmp/fetched /tmp/www/big || fail "a download by sendfile differs"
dig @127.0.0.1 -f /tmp/queries +tries=1 +time=2 >/tmp/answer
[ "$(grep -c 'status: NOERROR' /tmp/answer)" = 1000 ] || fail "dig: $(grep -c 'status: NOERROR' /tmp/answer) of 1000 answers"

./work run dns "$rounds" dig @127.0.0.1 -f /tmp/queries +tries=1 +time=2 || fail dns
./work ping "$rounds" || fail ping
./work flows "$rounds" || fail flows
./work connections "$rounds" || fail connections
./work bulk "$rounds" || fail bulk
./work run http "$rounds" curl -s -o /dev/null http://127.0.0.1:8001/big || fail http
./work run sendfile "$rounds" curl -s -o /dev/null http://127.0.0.1:8002/big || fail sendfile
case $state in
l45_nomatch | l45_names | l45_tagged) ./rules counts ;;
naive_*) echo "COUNT naive $(cat /sys/module/naive/parameters/tagged)" ;;
esac
dmesg | tail -3
echo "BENCH-DONE $state"
