// An SSH server by golang.org/x/crypto/ssh. What it has to do: ../README.md.
package main

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"

	"golang.org/x/crypto/ssh"
)

var subsystems = map[string]string{"echo": "cat", "mcp": "node /interop/mcp-server.mjs"}

// RFC 4254 section 6.10
var signalNames = map[syscall.Signal]string{
	syscall.SIGABRT: "ABRT", syscall.SIGALRM: "ALRM", syscall.SIGFPE: "FPE", syscall.SIGHUP: "HUP",
	syscall.SIGILL: "ILL", syscall.SIGINT: "INT", syscall.SIGKILL: "KILL", syscall.SIGPIPE: "PIPE",
	syscall.SIGQUIT: "QUIT", syscall.SIGSEGV: "SEGV", syscall.SIGTERM: "TERM", syscall.SIGUSR1: "USR1",
	syscall.SIGUSR2: "USR2",
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	return data
}

func parseKeys(data []byte) (keys []ssh.PublicKey) {
	for len(data) > 0 {
		key, _, _, rest, err := ssh.ParseAuthorizedKey(data)
		if err != nil {
			break
		}
		keys, data = append(keys, key), rest
	}
	return keys
}

func holds(keys []ssh.PublicKey, one ssh.PublicKey) bool {
	for _, key := range keys {
		if bytes.Equal(key.Marshal(), one.Marshal()) {
			return true
		}
	}
	return false
}

func configure() *ssh.ServerConfig {
	authorized := parseKeys(read("/interop/authorized_keys"))
	authorities := parseKeys(read("/interop/user_ca.pub"))
	checker := ssh.CertChecker{
		IsUserAuthority: func(key ssh.PublicKey) bool { return holds(authorities, key) },
		UserKeyFallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if holds(authorized, key) {
				return nil, nil
			}
			return nil, errors.New("unknown key")
		},
	}
	config := &ssh.ServerConfig{
		Config:         ssh.Config{RekeyThreshold: 16 << 20},
		MaxAuthTries:   4,
		BannerCallback: func(ssh.ConnMetadata) string { return string(read("/interop/banner.txt")) },
		PublicKeyCallback: func(conn ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if conn.User() != "tester" {
				return nil, errors.New("unknown user")
			}
			return checker.Authenticate(conn, key)
		},
	}
	paths, _ := filepath.Glob("/interop/host_*_key")
	for _, path := range paths {
		signer, err := ssh.ParsePrivateKey(read(path))
		if err != nil {
			log.Fatal(path, ": ", err)
		}
		config.AddHostKey(signer)
		certificate := parseKeys(read(path + "-cert.pub"))[0].(*ssh.Certificate)
		certified, err := ssh.NewCertSigner(certificate, signer)
		if err != nil {
			log.Fatal(path, ": ", err)
		}
		config.AddHostKey(certified)
	}
	return config
}

func serve(socket net.Conn, config *ssh.ServerConfig) {
	conn, channels, requests, err := ssh.NewServerConn(socket, config)
	if err != nil {
		log.Print(err)
		return
	}
	defer conn.Close()
	go ssh.DiscardRequests(requests)
	for channel := range channels {
		if channel.ChannelType() != "session" {
			channel.Reject(ssh.UnknownChannelType, "only sessions")
			continue
		}
		if accepted, requests, err := channel.Accept(); err == nil {
			go session(accepted, requests)
		}
	}
}

func session(channel ssh.Channel, requests <-chan *ssh.Request) {
	var child *exec.Cmd
	env := os.Environ()
	for request := range requests {
		accepted := false
		switch request.Type {
		case "env":
			var variable struct{ Name, Value string }
			if ssh.Unmarshal(request.Payload, &variable) == nil && variable.Name == "INTEROP" {
				env = append(env, "INTEROP="+variable.Value)
				accepted = true
			}
		case "exec", "shell", "subsystem":
			if child == nil {
				child = program(request)
				accepted = child != nil
			}
			if accepted {
				child.Env = env
				request.Reply(true, nil)
				start(child, channel)
				continue
			}
		case "signal":
			var signal struct{ Name string }
			if ssh.Unmarshal(request.Payload, &signal) == nil && child != nil {
				for number, name := range signalNames {
					if name == signal.Name {
						child.Process.Signal(number)
					}
				}
			}
		}
		request.Reply(accepted, nil)
	}
	if child != nil {
		child.Process.Signal(syscall.SIGHUP) // the channel is gone
	}
}

// program is what a request asks for, or nil where it is refused.
func program(request *ssh.Request) *exec.Cmd {
	if request.Type == "shell" {
		return exec.Command("sh")
	}
	var asked struct{ Text string }
	if ssh.Unmarshal(request.Payload, &asked) != nil {
		return nil
	}
	if request.Type == "exec" {
		return exec.Command("sh", "-c", asked.Text)
	}
	if command, found := subsystems[asked.Text]; found {
		return exec.Command("sh", "-c", command)
	}
	return nil
}

func start(child *exec.Cmd, channel ssh.Channel) {
	stdin, _ := child.StdinPipe()
	stdout, _ := child.StdoutPipe()
	stderr, _ := child.StderrPipe()
	if err := child.Start(); err != nil {
		log.Fatal(err)
	}
	go func() {
		io.Copy(stdin, channel)
		stdin.Close()
	}()
	go func() {
		var drained sync.WaitGroup
		drained.Add(2)
		go func() { io.Copy(channel, stdout); drained.Done() }()
		go func() { io.Copy(channel.Stderr(), stderr); drained.Done() }()
		drained.Wait()
		channel.CloseWrite()
		child.Wait()
		end(child.ProcessState.Sys().(syscall.WaitStatus), channel)
	}()
}

func end(status syscall.WaitStatus, channel ssh.Channel) {
	if status.Signaled() {
		message := struct {
			Name    string
			Core    bool
			Message string
			Lang    string
		}{Name: signalNames[status.Signal()]}
		channel.SendRequest("exit-signal", false, ssh.Marshal(message))
	} else {
		channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(status.ExitStatus())}))
	}
	channel.Close()
}

func main() {
	config := configure()
	listener, err := net.Listen("tcp", "0.0.0.0:2222")
	if err != nil {
		log.Fatal(err)
	}
	for {
		socket, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(socket, config)
	}
}
