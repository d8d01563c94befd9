// Command go_verifier checks a package, and proofs, with Go's own sumdb/note and sumdb/tlog.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// proofs is what the caller made and wants checked against the package's tree.
type proofs struct {
	Inclusion []struct {
		Index int64
		Path  [][]byte
	}
	Consistency []struct {
		First int64
		Root  []byte
		Path  [][]byte
	}
}

type hashes []tlog.Hash

func (stored hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, 0, len(indexes))
	for _, index := range indexes {
		if index >= int64(len(stored)) {
			return nil, fmt.Errorf("no stored hash %d", index)
		}
		found = append(found, stored[index])
	}
	return found, nil
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: go_verifier VKEY PACKAGE PROOFS")
		os.Exit(2)
	}
	if err := verify(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func verify(vkey, folder, proofsFile string) error {
	size, root, err := checkpoint(vkey, folder)
	if err != nil {
		return err
	}
	stored, leaves, err := records(folder)
	if err != nil {
		return err
	}
	found, err := tlog.TreeHash(int64(len(leaves)), stored)
	if err != nil {
		return err
	}
	if int64(len(leaves)) != size || found != root {
		return fmt.Errorf("the records are not those under the checkpoint")
	}
	if err := check(proofsFile, size, root, leaves); err != nil {
		return err
	}
	fmt.Println(size, root)
	return nil
}

func checkpoint(vkey, folder string) (int64, tlog.Hash, error) {
	var none tlog.Hash
	message, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return 0, none, err
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return 0, none, err
	}
	opened, err := note.Open(message, note.VerifierList(verifier))
	if err != nil {
		return 0, none, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return 0, none, fmt.Errorf("not a checkpoint of %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return 0, none, err
	}
	raw, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(raw) != tlog.HashSize {
		return 0, none, fmt.Errorf("not a root: %q", lines[2])
	}
	return size, tlog.Hash(raw), nil
}

func records(folder string) (hashes, []tlog.Hash, error) {
	content, err := os.ReadFile(filepath.Join(folder, "records.jsonl"))
	if err != nil {
		return nil, nil, err
	}
	var stored hashes
	var leaves []tlog.Hash
	for index, line := range bytes.Split(bytes.TrimSuffix(content, []byte("\n")), []byte("\n")) {
		more, err := tlog.StoredHashes(int64(index), line, stored)
		if err != nil {
			return nil, nil, err
		}
		stored = append(stored, more...)
		leaves = append(leaves, tlog.RecordHash(line))
	}
	return stored, leaves, nil
}

func check(file string, size int64, root tlog.Hash, leaves []tlog.Hash) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var given proofs
	if err := json.Unmarshal(content, &given); err != nil {
		return err
	}
	for _, one := range given.Inclusion {
		err := tlog.CheckRecord(path(one.Path), size, root, one.Index, leaves[one.Index])
		if err != nil {
			return fmt.Errorf("record %d: %w", one.Index, err)
		}
	}
	for _, one := range given.Consistency {
		err := tlog.CheckTree(path(one.Path), size, root, one.First, tlog.Hash(one.Root))
		if err != nil {
			return fmt.Errorf("tree of %d: %w", one.First, err)
		}
	}
	return nil
}

func path(raw [][]byte) []tlog.Hash {
	found := make([]tlog.Hash, 0, len(raw))
	for _, one := range raw {
		found = append(found, tlog.Hash(one))
	}
	return found
}
