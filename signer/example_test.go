package signer_test

import (
	"errors"
	"fmt"
	"strings"

	"billmark/signer"
)

func ExampleAccount_Sign() {
	account, err := signer.NewAccount("username", strings.Repeat("X", 40))
	if err != nil {
		fmt.Println(err)
		return
	}
	form := signer.Form{
		{Name: "bill_id", Value: "100000"},
		{Name: "status", Value: "sent"},
		{Name: "date", Value: "1362254400"},
		{Name: "rpo", Value: "10000000000000"},
	}
	fmt.Printf("%s\n", account.Sign(nil, form))
	fmt.Println(account)
	// Output:
	// bill_id=100000&status=sent&date=1362254400&rpo=10000000000000&hash=92cea5ba30b463b8c3b234e3d2945e65
	// username (key hidden)
}

func ExampleAccount_Verify() {
	account, err := signer.NewAccount("username", strings.Repeat("X", 40))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, body := range []string{
		`{"error_code":0,"error_text":"OK","hash":"cf2b10a8fd707c6d14f496e19503b0a1"}`,
		`{"error_code":0,"error_text":"done","hash":"cf2b10a8fd707c6d14f496e19503b0a1"}`,
		`{"error_code":0,"error_text":"OK","hash":true}`,
	} {
		reply, err := account.Verify([]byte(body))
		switch {
		case errors.Is(err, signer.ErrHash):
			fmt.Printf("not to be trusted, but it says %s: %v\n", reply.Code, err)
		case err != nil:
			fmt.Println("not to be trusted:", err)
		default:
			fmt.Println("to be trusted:", reply.Code, reply.Text)
		}
	}
	// Output:
	// to be trusted: 0 OK
	// not to be trusted, but it says 0: the reply's hash is wrong
	// not to be trusted: the reply is not as it must be: hash is not a string, at byte 41
}
