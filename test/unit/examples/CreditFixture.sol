// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Test} from "forge-std/Test.sol";

import {MockAnswer, MockPipe} from "../../../contracts/consumer/MockPipe.sol";
import {CreditFeatures} from "../../../contracts/examples/CreditScoreModel.sol";
import {CreditAttestation, CreditTerms, ICreditLender} from "../../../contracts/examples/ICreditLender.sol";
import {ExactCommitment, IModelHub, KeyOrigin} from "../../../contracts/interfaces/IModelHub.sol";
import {TensorCodec} from "../../../contracts/libraries/TensorCodec.sol";
import {Dtype} from "../../../contracts/types/Dtype.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {HostileToken} from "./HostileToken.sol";

/// A lender with 100,000 to lend, its attester, and an applicant whom the model would trust with 800 thousandths.
abstract contract CreditFixture is Test {
    uint256 internal constant FUNDS = 100_000 ether;
    uint112 internal constant MAX_LIMIT = 10_000 ether;
    uint16 internal constant MIN_SCORE = 700;
    uint64 internal constant INTEREST = 0.1e18;
    uint256 internal constant INFERENCE_FEE = 0.05 ether;
    uint8 internal constant TERM = 12;
    ReleaseId internal constant RELEASE = ReleaseId.wrap(keccak256("credit-score v1.00"));

    MockPipe internal pipe;
    HostileToken internal token = new HostileToken();
    ICreditLender internal credit;
    address internal hub = makeAddr("hub");
    address internal lender = makeAddr("lender");
    address internal applicant = makeAddr("applicant");
    address internal attester;
    uint256 internal attesterKey;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        pipe = MockPipe(deployCode("contracts/consumer/MockPipe.sol:MockPipe"));
        (attester, attesterKey) = makeAddrAndKey("attester");
        _commit(KeyOrigin.Ceremony);
        credit = _deploy(_terms());
        vm.prank(lender);
        credit.setAttester(attester);
        token.mint(address(credit), FUNDS);
    }

    /// How the release's keys were made.
    function _commit(KeyOrigin origin) internal {
        ExactCommitment memory commitment;
        commitment.zkKeyOrigin = origin;
        vm.mockCall(hub, abi.encodeCall(IModelHub.exactCommitmentOf, (RELEASE)), abi.encode(commitment));
    }

    function _terms() internal view returns (CreditTerms memory) {
        return
            CreditTerms({
                token: IERC20(address(token)),
                release: RELEASE,
                lender: lender,
                leastOrigin: KeyOrigin.Ceremony,
                minScore: MIN_SCORE,
                maxLimit: MAX_LIMIT,
                interest: INTEREST,
                maxInferenceFee: INFERENCE_FEE
            });
    }

    function _deploy(CreditTerms memory terms) internal returns (ICreditLender) {
        return
            ICreditLender(deployCode("contracts/examples/CreditLender.sol:CreditLender", abi.encode(pipe, hub, terms)));
    }

    function _features() internal pure returns (CreditFeatures memory) {
        return CreditFeatures({checking: 3, history: 4, savings: 2, employment: 3, debtors: 0, plans: 2});
    }

    function _attestation() internal view returns (CreditAttestation memory) {
        return
            CreditAttestation({
                applicant: applicant,
                features: _features(),
                nonce: credit.nonceOf(applicant),
                validUntil: uint40(vm.getBlockTimestamp() + 1 days)
            });
    }

    function _sign(CreditAttestation memory attestation) internal view returns (bytes memory) {
        return _signWith(attesterKey, attestation);
    }

    function _signWith(uint256 key, CreditAttestation memory attestation) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, credit.digestOf(attestation));
        return abi.encodePacked(r, s, v);
    }

    /// int64 [1, 1].
    function _output(int256 score) internal pure returns (bytes memory) {
        int256[] memory values = new int256[](1);
        values[0] = score;
        return TensorCodec.encode(TensorCodec.fromInts(values, TensorCodec.shapeOf(1, 1), Dtype.INT64));
    }

    function _input() internal view returns (bytes memory) {
        return credit.inputOf(_features(), TERM);
    }

    /// A proved score of no stake to speak of.
    function _carry(int256 score) internal {
        _carryAs(applicant, RELEASE, _input(), score, Mode.ZK);
    }

    function _carryAs(address account, ReleaseId release, bytes memory input, int256 score, Mode mode) internal {
        pipe.answer(account, address(credit), release, input, MockAnswer(_output(score), mode, 1, INFERENCE_FEE, 0, 0));
    }

    function _apply() internal returns (uint256) {
        CreditAttestation memory attestation = _attestation();
        bytes memory signature = _sign(attestation);
        vm.prank(applicant);
        return credit.open(attestation, signature, TERM);
    }

    /// A line of 8,000.
    function _open() internal {
        _carry(800);
        _apply();
    }

    function _draw(uint256 amount) internal {
        vm.prank(applicant);
        credit.draw(amount);
    }

    function _repay(uint256 amount) internal returns (uint256) {
        token.mint(applicant, amount);
        vm.startPrank(applicant);
        token.approve(address(credit), amount);
        uint256 paid = credit.repay(applicant, amount);
        vm.stopPrank();
        return paid;
    }
}
