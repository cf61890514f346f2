%% An SSH server by Erlang/OTP's ssh. What it has to do: ../README.md.
-module(server).
-behaviour(ssh_server_channel).
-export([start/0, init/1, handle_msg/2, handle_ssh_msg/2, terminate/2]).

%% ssh_file finds keys by name: the host's in system_dir, the user's in what user_dir_fun says.
start() ->
    {ok, _} = application:ensure_all_started(ssh),
    [
        copy("/interop/host_" ++ Kind ++ "_key", "/keys/ssh_host_" ++ Kind ++ "_key")
     || Kind <- ["ed25519", "ecdsa", "rsa"]
    ],
    copy("/interop/authorized_keys", "/keys/tester/authorized_keys"),
    {ok, _} = ssh:daemon(2222, [
        {system_dir, "/keys"},
        {user_dir_fun, fun("tester") -> "/keys/tester"; (_) -> "/keys/nobody" end},
        {auth_methods, "publickey"},
        {parallel_login, true},
        {rekey_limit, 16 * 1024 * 1024},
        {ssh_cli, {?MODULE, []}},
        {subsystems, [{"echo", {?MODULE, ["cat"]}}, {"mcp", {?MODULE, ["node /interop/mcp-server.mjs"]}}]}
    ]).

copy(From, To) ->
    ok = filelib:ensure_dir(To),
    {ok, _} = file:copy(From, To).

%% A process for each channel. A subsystem's is told its command, others are asked for one.
init(Command) ->
    {ok, #{command => Command, env => [], port => none, router => none}}.

handle_msg({ssh_channel_up, Channel, Connection}, #{command := [Command]} = State) ->
    {ok, run(Connection, Channel, ["-c", Command], State)};
handle_msg({ssh_channel_up, _, _}, State) ->
    {ok, State}.

handle_ssh_msg({ssh_cm, Connection, {env, Channel, WantReply, <<"INTEROP">>, Value}}, State) ->
    ssh_connection:reply_request(Connection, WantReply, success, Channel),
    {ok, State#{env => [{"INTEROP", binary_to_list(Value)}]}};
handle_ssh_msg({ssh_cm, Connection, {exec, Channel, WantReply, Command}}, State) ->
    ssh_connection:reply_request(Connection, WantReply, success, Channel),
    {ok, run(Connection, Channel, ["-c", Command], State)};
handle_ssh_msg({ssh_cm, Connection, {shell, Channel, WantReply}}, State) ->
    ssh_connection:reply_request(Connection, WantReply, success, Channel),
    {ok, run(Connection, Channel, [], State)};
%% The window is given back when this returns.
handle_ssh_msg({ssh_cm, _, {data, _, _, Data}}, #{router := Router} = State) ->
    Watch = monitor(process, Router),
    tell($d, Data, State),
    receive
        {Router, written} -> demonitor(Watch, [flush]);
        {'DOWN', Watch, process, _, _} -> ok % the program has ended
    end,
    {ok, State};
handle_ssh_msg({ssh_cm, _, {eof, _}}, State) ->
    tell($e, "", State);
handle_ssh_msg({ssh_cm, _, {signal, _, Name}}, State) ->
    tell($s, Name, State);
handle_ssh_msg({ssh_cm, Connection, Request}, State) when element(3, Request) =:= true ->
    ssh_connection:reply_request(Connection, true, failure, element(2, Request)),
    {ok, State};
handle_ssh_msg(_, State) ->
    {ok, State}.

terminate(_, #{router := none}) -> ok;
terminate(_, #{router := Router}) -> exit(Router, kill).

tell(Letter, Data, #{port := Port} = State) ->
    catch port_command(Port, [Letter, Data]), % badarg: the program has ended
    {ok, State}.

%% The channel's process waits for the program to read, two others for the client to: so the port has one of its own.
run(Connection, Channel, Args, #{env := Env} = State) ->
    Self = self(),
    Router = spawn(fun() ->
        Options = [{args, ["/server/run.mjs" | Args]}, {env, Env}, {packet, 4}, binary],
        Port = open_port({spawn_executable, "/usr/bin/node"}, Options),
        Self ! {self(), Port},
        Stdout = spawn_link(fun() -> carry(Connection, Channel, 0, Port, "a") end),
        Stderr = spawn_link(fun() -> carry(Connection, Channel, 1, Port, "b") end),
        Status = route(Port, Self, Stdout, Stderr, fun() -> ssh_connection:send_eof(Connection, Channel) end),
        ssh_connection:exit_status(Connection, Channel, Status),
        ssh_connection:close(Connection, Channel),
        exit(shutdown)
    end),
    receive
        {Router, Port} -> State#{port => Port, router => Router}
    end.

route(Port, Owner, Stdout, Stderr, SendEof) ->
    receive
        {Port, {data, <<"o", Data/binary>>}} -> Stdout ! Data, route(Port, Owner, Stdout, Stderr, SendEof);
        {Port, {data, <<"r", Data/binary>>}} -> Stderr ! Data, route(Port, Owner, Stdout, Stderr, SendEof);
        {Port, {data, <<"w">>}} -> Owner ! {self(), written}, route(Port, Owner, Stdout, Stderr, SendEof);
        {Port, {data, <<"z">>}} ->
            [begin Carrier ! {last, self()}, receive {Carrier, done} -> ok end end || Carrier <- [Stdout, Stderr]],
            SendEof(),
            route(Port, Owner, Stdout, Stderr, SendEof);
        {Port, {data, <<"x", Status>>}} ->
            Status
    end.

%% send() returns when the window has let all of it through.
carry(Connection, Channel, Type, Port, More) ->
    receive
        {last, Router} ->
            Router ! {self(), done};
        Data ->
            ssh_connection:send(Connection, Channel, Type, Data, infinity),
            catch port_command(Port, More),
            carry(Connection, Channel, Type, Port, More)
    end.
