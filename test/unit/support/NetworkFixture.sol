// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {Test, Vm} from "forge-std/Test.sol";

import {ICoverage} from "../../../contracts/interfaces/ICoverage.sol";
import {ICovers} from "../../../contracts/interfaces/ICovers.sol";
import {IDisputes} from "../../../contracts/interfaces/IDisputes.sol";
import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {
    Acceptance,
    Fulfilment,
    IInferenceRequests,
    RequestTerms
} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {IModelHub, ModelFile, ReleaseContent, TensorSpec} from "../../../contracts/interfaces/IModelHub.sol";
import {IOPG} from "../../../contracts/interfaces/IOPG.sol";
import {IOperators, Onboarding, Permit, Standing} from "../../../contracts/interfaces/IOperators.sol";
import {IProofSettlement, SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {ITimedPause} from "../../../contracts/interfaces/ITimedPause.sol";
import {CODEC_TENSORS} from "../../../contracts/types/Codec.sol";
import {NO_COVER} from "../../../contracts/types/Cover.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {ModelId} from "../../../contracts/types/ModelId.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Delivery, Request} from "../../../contracts/types/Request.sol";
import {RequestId} from "../../../contracts/types/RequestId.sol";
import {Bundles} from "./Bundles.sol";

/// An operator with the keys that it acts with.
struct Actor {
    uint32 id;
    address owner;
    uint256 ownerKey;
    address signer;
    uint256 signerKey;
}

/// The constructor argument of `Operators`, spelled out again so that tests need not compile the contract.
struct OperatorsNumbers {
    uint40 disputeWindow;
    uint40 maxValidity;
    uint40 unbondingPeriod;
    uint40 jailPeriod;
    uint256 minimumStake;
    uint256 stakePerSlot;
    uint256 bountyFloor;
}

/// The whole protocol with roles as in production, one model with one release, and nobody else yet. This contract
/// holds the supply of OPG.
/// Contracts come from their artifacts: with `new`, each test file would carry and optimise them again.
abstract contract NetworkFixture is Test {
    uint64 internal constant GUARDIAN = 1;
    uint64 internal constant GOVERNOR = 2;
    uint64 internal constant SLASHER = 3;
    uint64 internal constant COVERER = 4;

    uint40 internal constant DISPUTE_WINDOW = 1 days;
    uint40 internal constant MAX_VALIDITY = 1 hours;
    uint40 internal constant UNBONDING_PERIOD = 7 days;
    uint40 internal constant JAIL_PERIOD = 7 days;
    uint256 internal constant MINIMUM_STAKE = 1000 ether;
    uint256 internal constant STAKE_PER_SLOT = 100 ether;
    uint256 internal constant BOUNTY_FLOOR = 50 ether;
    uint256 internal constant BASE_FEE_CAP = 1 gwei;
    uint16 internal constant PROTOCOL_FEE_BPS = 500;

    uint256 internal constant ROYALTY = 0.01 ether;
    uint256 internal constant RELEASE_MIN_STAKE = 2000 ether;
    uint256 internal constant FEE = 0.05 ether;
    uint256 internal constant STAKE = 50_000 ether;
    uint16 internal constant SLOTS = 10;
    uint8 internal constant VANILLA_ONLY = 1;
    uint8 internal constant ROLE_INFERENCE = 1;
    uint256 internal constant SUPPLY = 1_000_000_000 ether;
    uint256 internal constant GRAIN = 1e12;

    IOPG internal opg;
    IAccessManager internal authority;
    address internal machine;
    IModelHub internal hub;
    IOperators internal operators;
    IProofSettlement internal settlement;
    IInferenceRequests internal requests;
    IDisputes internal disputes;
    ICoverage internal coverage;

    ModelId internal model;
    ReleaseId internal release;

    address internal admin = makeAddr("admin");
    address internal governor = makeAddr("governor");
    address internal guardian = makeAddr("guardian");
    address internal treasury = makeAddr("treasury");
    address internal publisher = makeAddr("publisher");
    address internal challenger = makeAddr("challenger");
    address internal user = makeAddr("user");
    address internal stranger = makeAddr("stranger");

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        vm.roll(1_000_000);
        opg = _deployOpg();
        authority = IAccessManager(deployCode("AccessManager.sol:AccessManager", abi.encode(admin)));
        machine = deployCode("contracts/mocks/ScriptedMachine.sol:ScriptedMachine");
        hub = IModelHub(deployCode("contracts/ModelHub.sol:ModelHub", abi.encode(machine)));
        operators = _deployOperators(_numbers());
        settlement = IProofSettlement(
            deployCode("contracts/ProofSettlement.sol:ProofSettlement", abi.encode(operators, authority))
        );
        requests = IInferenceRequests(
            deployCode(
                "contracts/InferenceRequests.sol:InferenceRequests",
                abi.encode(opg, operators, hub, settlement, authority, treasury, PROTOCOL_FEE_BPS)
            )
        );
        disputes = IDisputes(deployCode("contracts/Disputes.sol:Disputes", abi.encode(operators, hub, BASE_FEE_CAP)));
        coverage = ICoverage(deployCode("contracts/Coverage.sol:Coverage", abi.encode(hub, operators, requests)));
        _grantRoles();

        vm.prank(publisher);
        model = hub.createModel("eth-volatility-1h");
        release = _publish(ROYALTY, RELEASE_MIN_STAKE);
    }

    function _numbers() internal pure returns (OperatorsNumbers memory) {
        return
            OperatorsNumbers(
                DISPUTE_WINDOW,
                MAX_VALIDITY,
                UNBONDING_PERIOD,
                JAIL_PERIOD,
                MINIMUM_STAKE,
                STAKE_PER_SLOT,
                BOUNTY_FLOOR
            );
    }

    function _deployOpg() internal virtual returns (IOPG) {
        return IOPG(deployCode("contracts/OPG.sol:OPG", abi.encode(address(this))));
    }

    function _deployOperators(OperatorsNumbers memory numbers) internal returns (IOperators) {
        return IOperators(deployCode("contracts/Operators.sol:Operators", abi.encode(opg, authority, numbers)));
    }

    function _grantRoles() private {
        vm.startPrank(admin);
        authority.grantRole(GUARDIAN, guardian, 0);
        authority.grantRole(GOVERNOR, governor, 0);
        authority.grantRole(SLASHER, address(disputes), 0);
        _restrict(address(operators), IOperators.slash.selector, SLASHER);
        _restrict(address(operators), IOperators.slashOperator.selector, SLASHER);
        _restrict(address(operators), ICovers.claimCover.selector, SLASHER);
        authority.grantRole(COVERER, address(requests), 0);
        _restrict(address(operators), ICovers.insureResult.selector, COVERER);
        _restrict(address(operators), IOperators.setSlashTerms.selector, GOVERNOR);
        _restrict(address(settlement), IProofSettlement.setVerifier.selector, GOVERNOR);
        _restrict(address(requests), ITimedPause.pause.selector, GUARDIAN);
        _restrict(address(requests), ITimedPause.resume.selector, GUARDIAN);
        _restrict(address(requests), IEscrow.setTreasury.selector, GOVERNOR);
        vm.stopPrank();
    }

    function _restrict(address target, bytes4 selector, uint64 role) private {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        authority.setTargetFunctionRole(target, selectors, role);
    }

    // Hub

    function _content() internal pure returns (ReleaseContent memory content) {
        content.files = new ModelFile[](1);
        content.files[0] = ModelFile("model.onnx", 15_070, keccak256("onnx"), "https://models.example.org/model.onnx");
        content.inputs = new TensorSpec[](1);
        content.inputs[0] = TensorSpec("candles", 1, new int32[](2));
        (content.inputs[0].shape[0], content.inputs[0].shape[1]) = (24, 4);
        content.outputs = new TensorSpec[](1);
        content.outputs[0] = TensorSpec("volatility", 1, new int32[](1));
        content.outputs[0].shape[0] = 1;
    }

    function _publish(uint256 royalty, uint256 minStake) internal returns (ReleaseId) {
        return _publish(_content(), royalty, minStake, VANILLA_ONLY);
    }

    function _publish(
        ReleaseContent memory content,
        uint256 royalty,
        uint256 minStake,
        uint8 modes
    ) internal returns (ReleaseId) {
        vm.prank(publisher);
        return hub.publish(model, false, content, royalty, minStake, modes, "", 0);
    }

    // Operators

    function _fund(address account, uint256 amount) internal {
        require(opg.transfer(account, amount), "the supply is used up");
    }

    /// Stakes `stake` with `SLOTS` slots (fewer where the stake carries fewer) and offers `release`.
    function _onboard(string memory name, uint256 stake) internal returns (Actor memory actor) {
        actor = _actor(name);
        _fund(actor.owner, stake);
        uint256 carried = stake / STAKE_PER_SLOT;
        Onboarding memory params = Onboarding({
            signer: actor.signer,
            signerProof: _consent(actor.owner, actor.signerKey),
            roles: ROLE_INFERENCE,
            endpoint: "https://node.example/rpc",
            stake: stake,
            slots: carried < SLOTS ? uint16(carried) : SLOTS,
            release: release,
            price: FEE,
            modes: VANILLA_ONLY
        });
        vm.startPrank(actor.owner);
        opg.approve(address(operators), stake);
        actor.id = operators.onboard(params, Permit(0, 0, 0, 0));
        vm.stopPrank();
    }

    function _onboard(string memory name) internal returns (Actor memory) {
        return _onboard(name, STAKE);
    }

    /// Registered, and nothing else.
    function _register(string memory name) internal returns (Actor memory actor) {
        actor = _actor(name);
        bytes memory consent = _consent(actor.owner, actor.signerKey);
        vm.prank(actor.owner);
        actor.id = operators.register(actor.signer, consent, ROLE_INFERENCE, "");
    }

    function _actor(string memory name) internal returns (Actor memory actor) {
        (actor.owner, actor.ownerKey) = makeAddrAndKey(name);
        (actor.signer, actor.signerKey) = makeAddrAndKey(string.concat(name, " signer"));
    }

    function _stake(Actor memory actor, uint256 amount) internal {
        _fund(actor.owner, amount);
        vm.startPrank(actor.owner);
        opg.approve(address(operators), amount);
        operators.stake(actor.id, amount);
        vm.stopPrank();
    }

    /// The same operator with the signer that `name` stands for.
    function _rotate(Actor memory actor, string memory name) internal returns (Actor memory rotated) {
        rotated = Actor(actor.id, actor.owner, actor.ownerKey, address(0), 0);
        (rotated.signer, rotated.signerKey) = makeAddrAndKey(name);
        bytes memory consent = _consent(actor.owner, rotated.signerKey);
        vm.prank(actor.owner);
        operators.rotateSigner(actor.id, rotated.signer, consent);
    }

    function _standing(Actor memory actor) internal view returns (Standing memory) {
        return operators.standingById(actor.id);
    }

    function _consent(address owner, uint256 signerKey) internal view returns (bytes memory) {
        return _signTyped(signerKey, keccak256(abi.encode(keccak256("SignerConsent(address owner)"), owner)));
    }

    function _permit(uint256 ownerKey, address spender, uint256 amount) internal view returns (Permit memory permit) {
        address owner = vm.addr(ownerKey);
        permit.deadline = block.timestamp + 1 hours;
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                owner,
                spender,
                amount,
                opg.nonces(owner),
                permit.deadline
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", opg.DOMAIN_SEPARATOR(), structHash));
        (permit.v, permit.r, permit.s) = vm.sign(ownerKey, digest);
    }

    /// Slashes through two signed answers to one question, by `challenger`; `salt` keeps offences apart.
    function _slash(Actor memory actor, uint256 salt) internal returns (uint256 slashed) {
        (SignedResult memory a, SignedResult memory b) = _equivocation(actor, salt);
        vm.prank(challenger);
        slashed = disputes.proveEquivocation(a, b);
    }

    // Results

    /// What `actor`'s signer could sign in a context of its own.
    function _result(
        bytes32 context,
        bytes memory input,
        bytes memory output
    ) internal view returns (InferenceResult memory) {
        return
            InferenceResult({
                context: context,
                release: release,
                mode: Mode.VANILLA,
                codec: CODEC_TENSORS,
                inputHash: keccak256(input),
                outputHash: keccak256(output),
                fee: FEE,
                maxCover: 0,
                validUntil: uint40(block.timestamp) + MAX_VALIDITY
            });
    }

    function _equivocation(
        Actor memory actor,
        uint256 salt
    ) internal view returns (SignedResult memory a, SignedResult memory b) {
        bytes32 context = keccak256(abi.encode("context", salt));
        a = _sign(actor.signerKey, _result(context, abi.encode(salt), "one output"));
        b = _sign(actor.signerKey, _result(context, abi.encode(salt), "another output"));
    }

    function _sign(uint256 key, InferenceResult memory result) internal view returns (SignedResult memory signed) {
        signed.result = result;
        signed.signature = _signTyped(key, result.structHash());
    }

    /// Bundles of two or more; one result is signed alone.
    function _signBundle(
        uint256 key,
        InferenceResult[] memory results
    ) internal view returns (SignedResult[] memory signed) {
        bytes32[] memory leaves = new bytes32[](results.length);
        for (uint256 i; i < results.length; ++i) leaves[i] = results[i].structHash();
        bytes memory signature = _signLeaves(key, leaves);
        signed = new SignedResult[](results.length);
        for (uint256 i; i < results.length; ++i) {
            signed[i] = SignedResult(results[i], Bundles.pathOf(leaves, i), signature);
        }
    }

    function _signLeaves(uint256 key, bytes32[] memory leaves) internal view returns (bytes memory) {
        if (leaves.length == 1) return _signTyped(key, leaves[0]);
        bytes32 root = Bundles.rootOf(leaves);
        return _signTyped(key, keccak256(abi.encode(keccak256("InferenceBundle(bytes32 root)"), root)));
    }

    /// In the domain of `operators`.
    function _signTyped(uint256 key, bytes32 structHash) internal view returns (bytes memory) {
        return _signDigest(key, keccak256(abi.encodePacked(hex"1901", operators.domainSeparator(), structHash)));
    }

    function _signDigest(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// The same signature with the other s.
    function _otherForm(bytes memory signature) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 s, uint8 v) = (bytes32(0), bytes32(0), uint8(signature[64]));
        assembly ("memory-safe") {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
        }
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        return abi.encodePacked(r, order - uint256(s), v == 27 ? uint8(28) : uint8(27));
    }

    // Requests

    function _deposit(address account, uint256 amount) internal {
        opg.approve(address(requests), amount);
        requests.deposit(account, amount);
    }

    /// Full fee for half an hour, an hour in all, open to everybody, no callback.
    function _terms(uint32 lane) internal view returns (RequestTerms memory) {
        return
            RequestTerms({
                release: release,
                mode: uint8(Mode.VANILLA),
                codec: CODEC_TENSORS,
                fee: FEE,
                fullFeeUntil: uint40(block.timestamp) + 30 minutes,
                deadline: uint40(block.timestamp) + 1 hours,
                acceptPeriod: 10 minutes,
                lane: lane,
                callbackGas: 0,
                delivery: Delivery.AtFulfilment,
                minStake: 0,
                operatorId: 0,
                cover: NO_COVER
            });
    }

    /// Opens a request as `requester`, which needs a balance, and reads it back from the log.
    function _open(
        address requester,
        RequestTerms memory terms,
        bytes memory input
    ) internal returns (Request memory opened) {
        vm.recordLogs();
        vm.prank(requester);
        requests.request(terms, input);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IInferenceRequests.RequestOpened.selector) continue;
            (opened, ) = abi.decode(logs[i].data, (Request, bytes));
        }
    }

    /// Gives `user` a balance and opens a request on `lane`.
    function _openFunded(uint32 lane) internal returns (Request memory) {
        _deposit(user, FEE);
        return _open(user, _terms(lane), abi.encode("input", lane));
    }

    function _accept(Actor memory actor, Request memory opened) internal returns (Acceptance memory acceptance) {
        _deposit(actor.signer, opened.price.fee());
        vm.prank(actor.signer);
        requests.accept(opened);
        uint40 until = uint40(block.timestamp) + opened.times.acceptPeriod();
        acceptance = Acceptance(until < opened.times.deadline() ? until : opened.times.deadline(), actor.signer);
    }

    function _answer(Request memory opened, bytes memory output) internal pure returns (Fulfilment memory) {
        return Fulfilment(opened, output, "", Acceptance(0, address(0)));
    }

    /// The result that an operator signs to answer a request.
    function _resultFor(
        Request memory opened,
        bytes memory output,
        uint40 validUntil
    ) internal view returns (InferenceResult memory) {
        return
            InferenceResult({
                context: RequestId.unwrap(requests.idOf(opened)),
                release: opened.release,
                mode: opened.origin.mode(),
                codec: opened.origin.codec(),
                inputHash: opened.inputHash,
                outputHash: keccak256(output),
                fee: opened.price.fee(),
                maxCover: opened.cover.amount(),
                validUntil: validUntil
            });
    }

    function _signAnswers(
        uint256 key,
        Fulfilment[] memory items,
        uint40 validUntil
    ) internal view returns (bytes memory) {
        bytes32[] memory leaves = new bytes32[](items.length);
        for (uint256 i; i < items.length; ++i) {
            leaves[i] = _resultFor(items[i].request, items[i].output, validUntil).structHash();
        }
        return _signLeaves(key, leaves);
    }

    /// Signs with the actor's key and sends, as a stranger.
    function _fulfil(Actor memory actor, Fulfilment[] memory items) internal {
        uint40 validUntil = uint40(block.timestamp) + MAX_VALIDITY;
        bytes memory signature = _signAnswers(actor.signerKey, items, validUntil);
        vm.prank(stranger);
        requests.fulfil(items, signature, validUntil);
    }

    function _fulfil(Actor memory actor, Request memory opened, bytes memory output) internal {
        Fulfilment[] memory items = new Fulfilment[](1);
        items[0] = _answer(opened, output);
        _fulfil(actor, items);
    }

    /// What a creation reverts with; `deployCode` would swallow it.
    function _reasonOfCreating(string memory artifact, bytes memory arguments) internal returns (bytes memory reason) {
        bytes memory code = abi.encodePacked(vm.getCode(artifact), arguments);
        address created;
        assembly ("memory-safe") {
            created := create(0, add(code, 32), mload(code))
            reason := mload(0x40)
            mstore(reason, returndatasize())
            returndatacopy(add(reason, 32), 0, returndatasize())
            mstore(0x40, and(add(add(reason, returndatasize()), 63), not(31)))
        }
        assertEq(created, address(0));
    }

    function _unauthorized(address caller) internal pure returns (bytes memory) {
        return abi.encodeWithSignature("AccessManagedUnauthorized(address)", caller);
    }

    function assertEq(ReleaseId left, ReleaseId right) internal pure {
        assertEq(ReleaseId.unwrap(left), ReleaseId.unwrap(right));
    }
}
