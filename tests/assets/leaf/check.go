// Check the vectors of mobile_contract/vectors/leaf with Go's standard library alone: go run check.go FOLDER
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

const domain = "quancheng-chain-v1\n"

type place struct {
	N    int    `json:"n"`
	Of   string `json:"of"`
	Prev string `json:"prev"`
}

type leaf struct {
	Event  string            `json:"event"`
	Chains []place           `json:"chains"`
	Salted map[string]string `json:"salted"`
}

type index struct {
	TicketKey struct {
		Public string `json:"public"`
	} `json:"ticket_key"`
	Leaves []struct {
		File      string            `json:"file"`
		Digest    string            `json:"digest"`
		EntryHash string            `json:"entry_hash"`
		Heads     map[string]string `json:"heads"`
		Openings  map[string]string `json:"openings"`
		Ticket    string            `json:"ticket"`
	} `json:"leaves"`
}

type chain struct {
	Of      string `json:"of"`
	Genesis string `json:"genesis"`
	Leaves  []struct {
		Leaf string `json:"leaf"`
		Head string `json:"head"`
	} `json:"leaves"`
}

func must(err error, what string) {
	if err != nil {
		fmt.Fprintln(os.Stderr, what, err)
		os.Exit(1)
	}
}

func same(what, got, want string) {
	if got != want {
		must(fmt.Errorf("%s is not %s", got, want), what)
	}
}

func sum(parts ...[]byte) string {
	made := sha256.Sum256(bytes.Join(parts, nil))
	return hex.EncodeToString(made[:])
}

func raw(text string) []byte {
	made, err := hex.DecodeString(text)
	must(err, text)
	return made
}

func canonical(payload []byte) string {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.UseNumber()
	must(decoder.Decode(&value), "decode")
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	must(encoder.Encode(value), "encode")
	return string(bytes.TrimRight(out.Bytes(), "\n"))
}

func step(head string, payload []byte, event string) string {
	return sum([]byte(domain), raw(head), raw(sum(payload)), []byte(event+"\n"))
}

func main() {
	var known index
	read(filepath.Join(os.Args[1], "index.json"), &known)
	public, err := base64.StdEncoding.DecodeString(known.TicketKey.Public)
	must(err, "key")
	for _, one := range known.Leaves {
		payload, err := os.ReadFile(filepath.Join(os.Args[1], one.File))
		must(err, one.File)
		var parsed leaf
		must(json.Unmarshal(payload, &parsed), one.File)
		same(one.File+" canonical", canonical(payload), string(payload))
		same(one.File+" digest", sum(payload), one.Digest)
		same(one.File+" entry", sum([]byte{0}, raw(one.Digest)), one.EntryHash)
		for _, at := range parsed.Chains {
			same(one.File+" head", step(at.Prev, payload, parsed.Event), one.Heads[at.Of])
		}
		same(one.File+" openings", fmt.Sprint(len(one.Openings)), fmt.Sprint(len(parsed.Salted)))
		for member, opening := range one.Openings {
			same(one.File+" "+member, sum([]byte(opening)), parsed.Salted[member])
		}
		ticket, err := base64.StdEncoding.DecodeString(one.Ticket)
		must(err, one.File)
		message := append([]byte("quancheng-ticket-v1\n"), raw(one.Digest)...)
		same(one.File+" ticket", fmt.Sprint(ed25519.Verify(public, message, ticket)), "true")
	}
	var line chain
	read(filepath.Join(os.Args[1], "chain.json"), &line)
	head := sum([]byte(domain), []byte(line.Of+"\n"))
	same("genesis", head, line.Genesis)
	for _, one := range line.Leaves {
		var parsed leaf
		must(json.Unmarshal([]byte(one.Leaf), &parsed), one.Leaf)
		same("prev", parsed.Chains[0].Prev, head)
		head = step(head, []byte(one.Leaf), parsed.Event)
		same("head", head, one.Head)
	}
	fmt.Println(len(known.Leaves), "leaves")
}

func read(path string, into any) {
	payload, err := os.ReadFile(path)
	must(err, path)
	must(json.Unmarshal(payload, into), path)
}
