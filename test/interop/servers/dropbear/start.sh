# dropbear wants keys in its own format, and authorized_keys in the user's home.
set -eu
for kind in ed25519 ecdsa rsa; do
  dropbearconvert openssh dropbear /interop/host_${kind}_key /etc/dropbear_${kind}_key
done
install -d -o tester -m 700 /home/tester/.ssh
install -o tester -m 600 /interop/authorized_keys /home/tester/.ssh/authorized_keys
# -s: no passwords, -e: what it starts gets its environment, -b: the banner
exec dropbear -F -E -s -e -b /interop/banner.txt -p 2222 \
  -r /etc/dropbear_ed25519_key -r /etc/dropbear_ecdsa_key -r /etc/dropbear_rsa_key
