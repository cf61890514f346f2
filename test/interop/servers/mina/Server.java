import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.apache.sshd.common.channel.Channel;
import org.apache.sshd.common.config.keys.AuthorizedKeyEntry;
import org.apache.sshd.common.config.keys.PublicKeyEntryResolver;
import org.apache.sshd.common.keyprovider.FileHostKeyCertificateProvider;
import org.apache.sshd.common.keyprovider.FileKeyPairProvider;
import org.apache.sshd.core.CoreModuleProperties;
import org.apache.sshd.server.Environment;
import org.apache.sshd.server.ExitCallback;
import org.apache.sshd.server.Signal;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.auth.pubkey.AuthorizedKeyEntriesPublickeyAuthenticator;
import org.apache.sshd.server.auth.pubkey.PublickeyAuthenticator;
import org.apache.sshd.server.auth.pubkey.UserAuthPublicKeyFactory;
import org.apache.sshd.server.channel.ChannelSession;
import org.apache.sshd.server.command.Command;
import org.apache.sshd.server.subsystem.SubsystemFactory;

/** An SSH server by Apache MINA SSHD. What it has to do: ../README.md. */
final class Server {
    private static final Path INTEROP = Path.of("/interop");

    public static void main(String[] args) throws Exception {
        SshServer server = SshServer.setUpDefaultServer();
        server.setHost("0.0.0.0");
        server.setPort(2222);
        server.setKeyPairProvider(new FileKeyPairProvider(files("host_*_key")));
        server.setHostKeyCertificateProvider(new FileHostKeyCertificateProvider(files("host_*_key-cert.pub")));
        server.setUserAuthFactories(List.of(UserAuthPublicKeyFactory.INSTANCE));
        server.setPublickeyAuthenticator(authenticator());
        server.setCommandFactory((channel, command) -> new Program("sh", "-c", command));
        server.setShellFactory(channel -> new Program("sh"));
        server.setSubsystemFactories(List.of(
            new Subsystem("echo", "cat"), new Subsystem("mcp", "node /interop/mcp-server.mjs")));
        CoreModuleProperties.WELCOME_BANNER.set(server, Files.readString(INTEROP.resolve("banner.txt")));
        CoreModuleProperties.MAX_AUTH_REQUESTS.set(server, 3);
        CoreModuleProperties.REKEY_BYTES_LIMIT.set(server, 16L << 20);
        server.start();
        Thread.currentThread().join();
    }

    private static List<Path> files(String glob) throws IOException {
        try (var found = Files.newDirectoryStream(INTEROP, glob)) {
            return StreamSupport.stream(found.spliterator(), false).sorted().toList();
        }
    }

    private static PublickeyAuthenticator authenticator() throws Exception {
        String lines = Files.readString(INTEROP.resolve("authorized_keys"))
            + "cert-authority " + Files.readString(INTEROP.resolve("user_ca.pub"));
        List<AuthorizedKeyEntry> entries = AuthorizedKeyEntry.readAuthorizedKeys(new StringReader(lines), true);
        PublickeyAuthenticator known =
            new AuthorizedKeyEntriesPublickeyAuthenticator("tester", null, entries, PublicKeyEntryResolver.IGNORING);
        return (user, key, session) -> user.equals("tester") && known.authenticate(user, key, session);
    }

    private record Subsystem(String name, String command) implements SubsystemFactory {
        @Override
        public String getName() {
            return name;
        }

        @Override
        public Command createSubsystem(ChannelSession channel) {
            return new Program("sh", "-c", command);
        }
    }

    /**
     * A program on a channel. MINA's own ProcessShell reads and writes all three pipes in one thread, which waits for
     * ever where the program does not read before its output is taken.
     */
    private static final class Program implements Command {
        private final ProcessBuilder builder;
        private Process process;
        private InputStream in;
        private OutputStream out;
        private OutputStream err;
        private ExitCallback exit;

        Program(String... command) {
            builder = new ProcessBuilder(command);
        }

        @Override
        public void setInputStream(InputStream stream) {
            in = stream;
        }

        @Override
        public void setOutputStream(OutputStream stream) {
            out = stream;
        }

        @Override
        public void setErrorStream(OutputStream stream) {
            err = stream;
        }

        @Override
        public void setExitCallback(ExitCallback callback) {
            exit = callback;
        }

        @Override
        public void start(ChannelSession channel, Environment environment) throws IOException {
            Map<String, String> variables = environment.getEnv();
            if (variables.containsKey("INTEROP")) builder.environment().put("INTEROP", variables.get("INTEROP"));
            process = builder.start();
            environment.addSignalListener(this::signal);
            Thread.startVirtualThread(() -> copy(in, process.getOutputStream(), true));
            Thread errors = Thread.startVirtualThread(() -> copy(process.getErrorStream(), err, false));
            Thread.startVirtualThread(() -> {
                copy(process.getInputStream(), out, false);
                try {
                    errors.join();
                    exit.onExit(process.waitFor());
                } catch (InterruptedException ended) {
                    Thread.currentThread().interrupt();
                }
            });
        }

        private void signal(Channel channel, Signal signal) {
            try { // Java itself has SIGTERM and SIGKILL only
                new ProcessBuilder("sh", "-c", "kill -s " + signal + " " + process.pid()).start();
            } catch (IOException failed) {
                failed.printStackTrace();
            }
        }

        private static void copy(InputStream from, OutputStream to, boolean close) {
            byte[] chunk = new byte[32768];
            try {
                for (int count = from.read(chunk); count >= 0; count = from.read(chunk)) {
                    to.write(chunk, 0, count);
                    to.flush();
                }
            } catch (IOException gone) {
                // the program or the channel: the other end says so
            }
            if (!close) return;
            try {
                to.close();
            } catch (IOException gone) {
                // as above
            }
        }

        @Override
        public void destroy(ChannelSession channel) {
            process.destroy();
        }
    }
}
