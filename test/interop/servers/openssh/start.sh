# sshd takes host keys and authorized_keys only with strict modes, and the mounted ones are everybody's to read.
# Arguments go to sshd.
set -eu
mkdir -p /keys
cp /interop/host_* /interop/authorized_keys /interop/user_ca.pub /keys/
chmod 600 /keys/host_*_key
exec /usr/sbin/sshd -D -e -f /server/sshd_config "$@"
