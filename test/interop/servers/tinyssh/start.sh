# tinysshd serves one connection on stdin and stdout, for a super-server. It wants its key in its own format, and
# authorized_keys in the user's home.
set -eu
mkdir -p /keys
node /server/key-files.mjs /interop/host_ed25519_key /keys
install -d -o tester -m 700 /home/tester/.ssh
install -o tester -m 600 /interop/authorized_keys /home/tester/.ssh/authorized_keys
exec tcpserver -HRD -c 100 -l 0 0.0.0.0 2222 \
  tinysshd -v -x echo=cat -x 'mcp=node /interop/mcp-server.mjs' /keys
