//! An SSH server by russh. What it has to do: ../../README.md.

use std::collections::HashMap;
use std::fs::read_to_string;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use russh::keys::ssh_key::{AuthorizedKeys, Certificate, Fingerprint, HashAlg, PrivateKey, PublicKey};
use russh::server::{Auth, ChannelOpenHandle, Config, Handle, Handler, Msg, Server, Session};
use russh::{Channel, ChannelId, ChannelMsg, Error, Limits, MethodKind, MethodSet, Sig};
use tokio::io::{AsyncWriteExt, copy};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

const HOST_KEYS: [&str; 5] = ["ed25519", "ecdsa", "ecdsa384", "ecdsa521", "rsa"];

fn read(name: &str) -> String {
    read_to_string(format!("/interop/{name}")).expect(name)
}

/// What all connections share.
struct Trust {
    authorized: Vec<PublicKey>,
    authority: Fingerprint,
}

#[derive(Clone)]
struct Listener(Arc<Trust>);

impl Server for Listener {
    type Handler = Connection;
    fn new_client(&mut self, _: Option<SocketAddr>) -> Connection {
        Connection {
            trust: self.0.clone(),
            waiting: HashMap::new(),
            variables: HashMap::new(),
            processes: HashMap::new(),
        }
    }
}

struct Connection {
    trust: Arc<Trust>,
    /// Channels that have not been asked for a program.
    waiting: HashMap<ChannelId, Channel<Msg>>,
    variables: HashMap<ChannelId, String>,
    processes: HashMap<ChannelId, u32>,
}

impl Connection {
    fn start(&mut self, id: ChannelId, args: &[&str], session: &mut Session) -> Result<(), Error> {
        let Some(channel) = self.waiting.remove(&id) else {
            return session.channel_failure(id);
        };
        let mut command = Command::new("sh");
        command
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(value) = self.variables.remove(&id) {
            command.env("INTEROP", value);
        }
        let child = command.spawn()?;
        self.processes.extend(child.id().map(|process| (id, process)));
        session.channel_success(id)?;
        tokio::spawn(serve(channel, child, session.handle()));
        Ok(())
    }
}

async fn serve(channel: Channel<Msg>, mut child: Child, handle: Handle) {
    let id = channel.id();
    let (mut from_client, to_client) = channel.split();
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut stdout = child.stdout.take().expect("a pipe");
    let mut stderr = child.stderr.take().expect("a pipe");
    // russh reads nothing more from the socket, no WINDOW_ADJUST either, while a channel's queue is full: a program that
    // waits for its output to be taken would wait for ever. So what it has not taken yet waits here, however much.
    let (to_stdin, mut waiting) = mpsc::unbounded_channel();
    let taking = tokio::spawn(async move {
        while let Some(message) = from_client.wait().await {
            match message {
                ChannelMsg::Data { data } => drop(to_stdin.send(data)), // an error: the program reads no more
                ChannelMsg::Eof => break,
                _ => (),
            }
        }
    });
    let feeding = tokio::spawn(async move {
        while let Some(data) = waiting.recv().await {
            if stdin.write_all(&data).await.is_err() {
                break;
            }
        }
    });
    let (mut out, mut err) = (to_client.make_writer(), to_client.make_writer_ext(Some(1)));
    let _ = tokio::join!(copy(&mut stdout, &mut out), copy(&mut stderr, &mut err));
    let _ = to_client.eof().await;
    if let Ok(status) = child.wait().await {
        tell(id, status, &handle).await;
    }
    let _ = to_client.close().await;
    taking.abort();
    feeding.abort();
}

async fn tell(id: ChannelId, status: ExitStatus, handle: &Handle) {
    let _ = match status.signal() {
        Some(number) => {
            handle
                .exit_signal_request(id, signal(number), status.core_dumped(), String::new(), String::new())
                .await
        }
        None => {
            handle
                .exit_status_request(id, status.code().unwrap_or(255) as u32)
                .await
        }
    };
}

fn signal(number: i32) -> Sig {
    match number {
        1 => Sig::HUP,
        2 => Sig::INT,
        3 => Sig::QUIT,
        4 => Sig::ILL,
        6 => Sig::ABRT,
        8 => Sig::FPE,
        9 => Sig::KILL,
        10 => Sig::USR1,
        11 => Sig::SEGV,
        13 => Sig::PIPE,
        14 => Sig::ALRM,
        15 => Sig::TERM,
        _ => Sig::Custom(number.to_string()),
    }
}

impl Handler for Connection {
    type Error = Error;

    async fn authentication_banner(&mut self) -> Result<Option<String>, Error> {
        Ok(Some(read("banner.txt")))
    }

    // auth_publickey_offered stays as it is, which takes all keys: of a certificate it would be asked about the bare key.
    async fn auth_publickey(&mut self, user: &str, key: &PublicKey) -> Result<Auth, Error> {
        let known = user == "tester" && self.trust.authorized.iter().any(|one| one.key_data() == key.key_data());
        Ok(if known { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_openssh_certificate(&mut self, user: &str, certificate: &Certificate) -> Result<Auth, Error> {
        let known = user == "tester"
            && certificate.cert_type().is_user()
            && certificate.valid_principals().iter().any(|principal| principal == user)
            && certificate.validate([&self.trust.authority]).is_ok();
        Ok(if known { Auth::Accept } else { Auth::reject() })
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Error> {
        self.waiting.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn env_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        value: &str,
        session: &mut Session,
    ) -> Result<(), Error> {
        if name != "INTEROP" {
            return session.channel_failure(channel);
        }
        self.variables.insert(channel, value.to_string());
        session.channel_success(channel)
    }

    async fn exec_request(&mut self, channel: ChannelId, command: &[u8], session: &mut Session) -> Result<(), Error> {
        self.start(channel, &["-c", &String::from_utf8_lossy(command)], session)
    }

    async fn shell_request(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), Error> {
        self.start(channel, &[], session)
    }

    async fn subsystem_request(&mut self, channel: ChannelId, name: &str, session: &mut Session) -> Result<(), Error> {
        match name {
            "echo" => self.start(channel, &["-c", "cat"], session),
            "mcp" => self.start(channel, &["-c", "node /interop/mcp-server.mjs"], session),
            _ => session.channel_failure(channel),
        }
    }

    async fn signal(&mut self, channel: ChannelId, signal: Sig, _: &mut Session) -> Result<(), Error> {
        if let Some(process) = self.processes.get(&channel) {
            let name = format!("{signal:?}"); // the standard library can send SIGKILL only
            Command::new("sh")
                .args(["-c", "kill -s \"$0\" \"$1\"", &name, &process.to_string()])
                .status()
                .await?;
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() {
    let mut authorized = Vec::new();
    for entry in AuthorizedKeys::new(&read("authorized_keys")).flatten() {
        authorized.push(entry.public_key().clone());
    }
    let authority = PublicKey::from_openssh(&read("user_ca.pub")).expect("user_ca.pub");
    let config = Config {
        methods: MethodSet::from(&[MethodKind::PublicKey][..]),
        keys: HOST_KEYS
            .map(|kind| PrivateKey::from_openssh(read(&format!("host_{kind}_key"))).expect(kind))
            .to_vec(),
        certificates: HOST_KEYS
            .map(|kind| Certificate::from_openssh(&read(&format!("host_{kind}_key-cert.pub"))).expect(kind))
            .to_vec(),
        limits: Limits::new(16 << 20, 16 << 20, Duration::from_secs(3600)),
        max_auth_attempts: 4,
        auth_rejection_time: Duration::ZERO,
        nodelay: true,
        ..Config::default()
    };
    let trust = Trust {
        authorized,
        authority: authority.fingerprint(HashAlg::Sha256),
    };
    Listener(Arc::new(trust))
        .run_on_address(Arc::new(config), ("0.0.0.0", 2222))
        .await
        .expect("a port");
}
