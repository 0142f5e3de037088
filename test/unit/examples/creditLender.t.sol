// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CreditAttestation, CreditTerms, ICreditLender} from "../../../contracts/examples/ICreditLender.sol";
import {KeyOrigin} from "../../../contracts/interfaces/IModelHub.sol";
import {CreditFixture} from "./CreditFixture.sol";

/// What the lender fixes at the beginning, and what it may do later.
contract CreditLenderTest is CreditFixture {
    function test_revertsWhenKeysAreTooWeak() public {
        _commit(KeyOrigin.Single);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICreditLender.KeyOriginTooWeak.selector,
                RELEASE,
                KeyOrigin.Single,
                KeyOrigin.Ceremony
            )
        );
        _deploy(_terms());
        _commit(KeyOrigin.Universal);
        _deploy(_terms());
    }

    /// A release without keys proves nothing, whatever the terms say.
    function test_revertsWithoutKeys() public {
        _commit(KeyOrigin.None);
        CreditTerms memory terms = _terms();
        terms.leastOrigin = KeyOrigin.None;
        vm.expectRevert(
            abi.encodeWithSelector(ICreditLender.KeyOriginTooWeak.selector, RELEASE, KeyOrigin.None, KeyOrigin.None)
        );
        _deploy(terms);
    }

    function test_revertsWhenTermsMakeNoSense() public {
        CreditTerms memory terms = _terms();
        terms.minScore = 1001;
        _requireInvalid(terms);
        terms = _terms();
        terms.maxLimit = 0;
        _requireInvalid(terms);
        terms = _terms();
        terms.interest = 1e18 + 1;
        _requireInvalid(terms);
    }

    function test_onlyTheLenderNamesTheAttester() public {
        vm.expectRevert(abi.encodeWithSelector(ICreditLender.NotTheLender.selector, attester));
        vm.prank(attester);
        credit.setAttester(applicant);
        vm.startPrank(lender);
        vm.expectRevert(abi.encodeWithSelector(ICreditLender.AttesterUnchanged.selector, attester));
        credit.setAttester(attester);
        vm.expectEmit(address(credit));
        emit ICreditLender.AttesterSet(applicant);
        credit.setAttester(applicant);
        assertEq(credit.attester(), applicant);
    }

    /// What the old one signed is worth nothing from then on, and counts again should it come back.
    function test_rotationEndsWhatTheOldAttesterSigned() public {
        (address next, uint256 nextKey) = makeAddrAndKey("next");
        _carry(800);
        CreditAttestation memory attestation = _attestation();
        bytes memory signature = _sign(attestation);
        vm.prank(lender);
        credit.setAttester(next);
        vm.expectRevert(abi.encodeWithSelector(ICreditLender.AttestationSignatureInvalid.selector, next));
        vm.prank(applicant);
        credit.open(attestation, signature, TERM);
        signature = _signWith(nextKey, attestation);
        vm.prank(applicant);
        assertEq(credit.open(attestation, signature, TERM), 8000 ether);
    }

    /// No signature is that of nobody.
    function test_opensNothingWithoutAnAttester() public {
        _carry(800);
        CreditAttestation memory attestation = _attestation();
        vm.prank(lender);
        credit.setAttester(address(0));
        bytes[3] memory signatures = [bytes(""), new bytes(65), _sign(attestation)];
        for (uint256 i; i < signatures.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ICreditLender.AttestationSignatureInvalid.selector, address(0)));
            vm.prank(applicant);
            credit.open(attestation, signatures[i], TERM);
        }
    }

    function test_onlyTheLenderWithdrawsWhatIsThere() public {
        vm.expectRevert(abi.encodeWithSelector(ICreditLender.NotTheLender.selector, applicant));
        vm.prank(applicant);
        credit.withdraw(1);
        _open();
        _draw(8000 ether);
        vm.startPrank(lender);
        vm.expectRevert(abi.encodeWithSelector(ICreditLender.FundsTooLow.selector, FUNDS, FUNDS - 8000 ether));
        credit.withdraw(FUNDS);
        vm.expectEmit(address(credit));
        emit ICreditLender.FundsWithdrawn(FUNDS - 8000 ether);
        credit.withdraw(FUNDS - 8000 ether);
        assertEq(token.balanceOf(lender), FUNDS - 8000 ether);
    }

    /// EIP-712 as wallets compute it.
    function test_digestIsThatOfTheTypedData() public view {
        CreditAttestation memory attestation = _attestation();
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("OPG CreditLender"),
                keccak256("1"),
                block.chainid,
                address(credit)
            )
        );
        bytes memory features =
            "CreditFeatures(uint8 checking,uint8 history,uint8 savings,uint8 employment,"
            "uint8 debtors,uint8 plans)";
        bytes memory typed =
            "CreditAttestation(address applicant,CreditFeatures features,uint256 nonce,"
            "uint40 validUntil)";
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(bytes.concat(typed, features)),
                applicant,
                keccak256(abi.encode(keccak256(features), 3, 4, 2, 3, 0, 2)),
                0,
                attestation.validUntil
            )
        );
        assertEq(credit.digestOf(attestation), keccak256(abi.encodePacked("\x19\x01", domain, structHash)));
    }

    function _requireInvalid(CreditTerms memory terms) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                ICreditLender.CreditTermsInvalid.selector,
                terms.minScore,
                terms.maxLimit,
                terms.interest
            )
        );
        _deploy(terms);
    }
}
