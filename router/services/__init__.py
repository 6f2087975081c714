"""What commands, screens, exports, jobs and the gateway ask of engine and ledger; knows none of them."""
